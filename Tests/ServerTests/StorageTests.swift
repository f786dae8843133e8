import Foundation
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
}
