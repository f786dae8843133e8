import Foundation
import Frames
import Testing

@testable import Server

@Suite("Storage")
struct StorageTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")
    private let mia = Caller.user(User(name: "mia", role: .user))
    private let tom = Caller.user(User(name: "tom", role: .user))

    private func store() throws -> JobStore {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try JobStore(folder.appendingPathComponent("jobs.sqlite"))
        for name in ["mia", "tom"] { _ = try UserStore(store).add(name, .user) }
        return store
    }

    private func job(_ id: String, of caller: Caller, bytes: Int, state: Job.State = .queued, finished: Double? = nil)
        -> Job
    {
        Job(
            id: id, filename: "a.mp4", owner: caller.name, options: JobOptions(), state: state, created: 1,
            finished: finished, bytes: bytes, stored: bytes)
    }

    @Test("what users and all of them keep is limited, also when much comes at once")
    func quotas() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store()
        var limits = ServiceLimits()
        (limits.storedPerUser, limits.stored) = (100, 150)
        DispatchQueue.concurrentPerform(iterations: 10) { [limits] number in
            try? store.accept(job("mia\(number)", of: mia, bytes: 30), from: mia, limits)
        }
        #expect(try store.counts() == [.queued: 3])
        try store.check(mia, bytes: 10, limits)
        #expect(throws: Refusal.self) { try store.check(mia, bytes: 11, limits) }
        try store.check(tom, bytes: 60, limits)
        #expect(throws: Refusal.self) { try store.check(tom, bytes: 61, limits) }
        // The limit of all holds for the host, too.
        #expect(throws: Refusal.self) { try store.check(.host, bytes: 61, limits) }
        #expect(try store.room(for: job("new", of: mia, bytes: 0), limits) == 10)
        #expect(try store.room(for: job("new", of: .host, bytes: 0), limits) == 60)
        #expect(try store.room(for: job("new", of: .host, bytes: 0), ServiceLimits()) == .max)
    }

    @Test("what is over is kept as long as was said, and no longer")
    func expiry() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (store, folders) = (try store(), try JobFolders(folder, allowed: AllowedFolders()))
        let jobs = [
            job("old", of: mia, bytes: 1, state: .done, finished: 100),
            job("young", of: mia, bytes: 1, state: .failed, finished: 160), job("waiting", of: mia, bytes: 1),
        ]
        for job in jobs {
            try folders.make(job.id)
            try store.add(job)
        }
        var limits = ServiceLimits()
        limits.keep = 0
        try Sweep(store, folders, limits).run(now: 1e9)
        #expect(try store.counts().values.reduce(0, +) == 3)
        limits.keep = 50
        try Sweep(store, folders, limits).run(now: 200)
        #expect(try jobs.map { try store.job($0.id) != nil } == [false, true, true])
        #expect(jobs.map { FileManager.default.fileExists(atPath: folders.folder($0.id).path) } == [false, true, true])
    }

    @Test("a disk that is nearly full is not filled")
    func disk() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let folders = try JobFolders(folder, allowed: AllowedFolders())
        try folders.checkDisk(for: 0, reserve: 1)
        #expect(throws: Refusal.self) { try folders.checkDisk(for: 1 << 60, reserve: 1) }
        #expect(throws: Refusal.self) { try folders.checkDisk(for: 0, reserve: 1 << 60) }
        try folders.make("a")
        try Data(count: 1000).write(to: folders.folder("a").appendingPathComponent("x"))
        _ = try folders.freshOutput("a")
        try Data(count: 234).write(to: folders.folder("a").appendingPathComponent("result/y"))
        #expect(folders.size("a") == 1234)
    }

    @Test("what killed workers left beside a result does not hide it")
    func leftovers() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let folders = try JobFolders(folder, allowed: AllowedFolders())
        try folders.make("a")
        let output = try folders.freshOutput("a")
        try Data("rest".utf8).write(to: output.appendingPathComponent("input.unfinished-12.mp4"))
        try FileManager.default.createDirectory(
            at: output.appendingPathComponent("input.mp4.render"), withIntermediateDirectories: true)
        #expect(folders.result("a") == nil)
        try Data("film".utf8).write(to: output.appendingPathComponent("input.mp4"))
        #expect(folders.result("a")?.lastPathComponent == "input.mp4")
    }

    @Test("held jobs that nobody starts go like uploads that nobody goes on with, and count as waiting until then")
    func held() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (store, folders) = (try store(), try JobFolders(folder, allowed: AllowedFolders()))
        var limits = ServiceLimits()
        (limits.abandoned, limits.waitingPerUser) = (50, 2)
        for (id, created) in [("old", 100.0), ("young", 160)] {
            var job = job(id, of: mia, bytes: 1, state: .held)
            job.created = created
            try folders.make(id)
            try store.accept(job, from: mia, limits)
        }
        #expect(throws: Refusal.self) { try store.check(mia, bytes: 0, limits) }
        try Sweep(store, folders, limits).run(now: 200)
        #expect(try store.ids() == ["young"])
        #expect(!FileManager.default.fileExists(atPath: folders.folder("old").path))
        #expect(FileManager.default.fileExists(atPath: folders.folder("young").path))
        try store.check(mia, bytes: 0, limits)
        try UserStore(store).remove("mia")
        #expect(try store.job("young")?.state == .cancelled)
    }

    @Test("a user may have limits of their own, which go before the server's; an account says what is used and left")
    func ownLimits() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store()
        var limits = ServiceLimits()
        (limits.storedPerUser, limits.waitingPerUser, limits.runningPerUser) = (100, 5, 1)
        let users = UserStore(store)
        try users.limit("mia", UserLimits(stored: 1000, waiting: 2))
        try users.limit("tom", UserLimits(running: 2))
        #expect(throws: SakugaError.self) { try users.limit("ada", UserLimits()) }
        for number in 1...3 {
            try store.add(job("mia\(number)", of: mia, bytes: 300, state: .queued))
            try store.add(job("tom\(number)", of: tom, bytes: 1, state: .queued))
        }
        #expect(throws: Refusal.self) { try store.check(mia, bytes: 1, limits) }
        #expect(throws: Refusal.self) { try store.check(tom, bytes: 98, limits) }
        try store.check(tom, bytes: 97, limits)
        #expect(try store.room(for: job("new", of: mia, bytes: 0), limits) == 100)
        // One of hers, two of his.
        let claimed = try (0..<4).map { _ in try store.claim(runningPerUser: limits.runningPerUser, now: 10)?.owner }
        #expect(Set(claimed.prefix(3)) == ["mia", "tom"] && claimed.filter { $0 == "tom" }.count == 2)
        #expect(claimed[3] == nil)

        let account = try store.account(of: mia, limits)
        #expect(account.used == .init(stored: 900, waiting: 2, running: 1))
        #expect(account.limits.stored == 1000 && account.limits.waiting == 2 && account.limits.running == 1)
        #expect(account.limits.highestPriority == 0 && account.everybody == nil && !account.isAdmin)
        let host = try store.account(of: .host, limits)
        #expect(host.used.stored == 0 && host.everybody?.stored == 903 && host.limits.stored == nil)
        try users.limit("mia", UserLimits())
        #expect(try users.list().map(\.limits) == [UserLimits(), UserLimits(running: 2)])
    }
}
