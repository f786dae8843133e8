import Foundation
import Testing

@testable import Server

@Suite("Turns")
struct TurnTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")

    /// A store in which jobs wait: `owner:id`, each with its priority and the second at which it was queued.
    private func store(_ jobs: [(String, priority: Int, created: Double)]) throws -> JobStore {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try JobStore(folder.appendingPathComponent("jobs.sqlite"))
        let users = UserStore(store)
        for owner in Set(jobs.map { $0.0.prefix { $0 != ":" } }) { _ = try users.add(String(owner), .user) }
        for (id, priority, created) in jobs {
            try store.add(
                Job(
                    id: id, filename: "a.mp4", owner: String(id.prefix { $0 != ":" }), options: JobOptions(),
                    priority: priority, created: created, bytes: 1))
        }
        return store
    }

    /// Draws everything with one worker, each job in a second, from `now` on.
    private func drawAll(_ store: JobStore, from now: Double = 1000) throws -> [String] {
        var (now, drawn) = (now, [String]())
        while let job = try store.claim(now: now) {
            drawn.append(job.id)
            try finish(job.id, store)
            now += 1
        }
        return drawn
    }

    private func finish(_ id: String, _ store: JobStore) throws {
        try store.change(id) { job in
            job.state = .done
            return true
        }
    }

    @Test("users take turns, however many jobs one of them has sent before the others")
    func turns() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let many = (0..<5).map { ("mia:\($0)", priority: 0, created: Double($0)) }
        let store = try store(many + [("tom:0", priority: 0, created: 100), ("tom:1", priority: 0, created: 101)])
        #expect(try drawAll(store) == ["mia:0", "tom:0", "mia:1", "tom:1", "mia:2", "mia:3", "mia:4"])
    }

    @Test("whoever has the fewest jobs being drawn comes first")
    func fewest() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store([
            ("mia:0", priority: 0, created: 0), ("mia:1", priority: 0, created: 1), ("mia:2", priority: 0, created: 2),
            ("tom:0", priority: 0, created: 900), ("tom:1", priority: 0, created: 901),
        ])
        let taken = try (0..<5).compactMap { try store.claim(now: 1000 + Double($0))?.id }
        #expect(taken == ["mia:0", "tom:0", "mia:1", "tom:1", "mia:2"])
    }

    @Test("priority goes before turns, and waiting long enough before priority")
    func priorities() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store([
            ("mia:high", priority: 2, created: 1000), ("mia:low", priority: 0, created: 1000),
            ("tom:0", priority: 0, created: 1000),
        ])
        #expect(try store.claim(now: 1000)?.id == "mia:high")
        // Another of the higher priority comes in; then more than 20 minutes have passed in which nothing of Tom's was drawn.
        try store.add(
            Job(
                id: "mia:new", filename: "", owner: "mia", options: JobOptions(), priority: 2, created: 1500,
                bytes: 1))
        #expect(try store.claim(now: 1900)?.id == "mia:new")
        #expect(try store.claim(now: 2600)?.id == "tom:0")
        #expect(try store.claim(now: 2700)?.id == "mia:low")
    }

    @Test("nobody has more jobs drawn at a time than is allowed, and others go on")
    func limit() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store([
            ("mia:0", priority: 0, created: 0), ("mia:1", priority: 0, created: 1), ("tom:0", priority: -5, created: 2),
        ])
        #expect(try store.claim(runningPerUser: 1, now: 10)?.id == "mia:0")
        #expect(try store.claim(runningPerUser: 1, now: 11)?.id == "tom:0")
        #expect(try store.claim(runningPerUser: 1, now: 12) == nil)
        try finish("mia:0", store)
        #expect(try store.claim(runningPerUser: 1, now: 13)?.id == "mia:1")
    }

    @Test("no more jobs of a user wait than may, also when many come at once; admins are free")
    func waiting() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store([("mia:0", priority: 0, created: 0)])
        var limits = ServiceLimits()
        limits.waitingPerUser = 3
        let mia = Caller.user(User(name: "mia", role: .user))
        DispatchQueue.concurrentPerform(iterations: 10) { [limits] number in
            let job = Job(
                id: "mia:new\(number)", filename: "", owner: "mia", options: JobOptions(), created: 1, bytes: 1)
            try? store.accept(job, from: mia, limits)
        }
        #expect(try store.counts() == [.queued: 3])
        #expect(throws: Refusal.self) { try store.check(mia, bytes: 0, limits) }
        try store.check(.user(User(name: "ada", role: .admin)), bytes: 0, limits)
        try store.check(.host, bytes: 0, limits)
        _ = try store.claim()
        try store.check(mia, bytes: 0, limits)
    }
}
