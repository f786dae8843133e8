import Foundation
import Testing

@testable import Server

@Suite("Job store")
struct JobStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")

    private func store() throws -> JobStore {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try JobStore(folder.appendingPathComponent("jobs.sqlite"))
    }

    private func job(_ id: String, priority: Int = 0, created: Double) -> Job {
        Job(
            id: id, filename: "a'; DROP TABLE job; --", options: JobOptions(), priority: priority, created: created,
            bytes: 1)
    }

    @Test("jobs are taken by priority, then by age, each once")
    func order() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store()
        for (id, priority, created) in [("a", 0, 1.0), ("b", 0, 2), ("c", 5, 3), ("d", -1, 0)] {
            try store.add(job(id, priority: priority, created: created))
        }
        var taken: [String] = []
        while let job = try store.claim() { taken.append(job.id) }
        #expect(taken == ["c", "a", "b", "d"])
        #expect(try store.counts() == [.running: 4])
    }

    @Test("many threads never take the same job")
    func races() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store()
        for number in 0..<40 { try store.add(job("\(number)", created: Double(number))) }
        let lock = NSLock()
        nonisolated(unsafe) var taken: [String] = []
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            while let job = try? store.claim() { lock.withLock { taken.append(job.id) } }
        }
        #expect(taken.count == 40)
        #expect(Set(taken).count == 40)
    }

    @Test("what happened to a job is noted, whoever changed it, and goes with the job")
    func events() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store()
        let begun = Date.now.timeIntervalSince1970
        try store.add(job("a", created: 1))
        try store.add(job("b", created: 2))
        _ = try store.claim()
        try store.change("a") { ($0.priority = 3, true).1 }
        try store.requeueInterrupted()
        _ = try store.claim()
        try store.change("a") {
            ($0.state, $0.error) = (.failed, "no"); return true
        }
        let events = try store.events(of: "a")
        #expect(events.map(\.state) == [.queued, .running, .queued, .running, .failed])
        #expect(events.map(\.attempts) == [0, 1, 0, 1, 1])
        #expect(events.map(\.error) == [nil, nil, nil, nil, "no"])
        #expect(events.allSatisfy { abs($0.time - begun) < 600 })
        #expect(try store.events(of: "b").map(\.state) == [.queued])
        #expect(try store.remove("a"))
        #expect(try store.events(of: "a").isEmpty)
    }

    @Test("what was running when the server ended waits again, and what was said is still there")
    func restart() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let store = try store()
            try store.add(job("a", created: 1))
            try store.add(job("b", created: 2))
            #expect(try store.claim()?.id == "a")
        }
        let again = try store()
        try again.requeueInterrupted()
        #expect(try again.job("a")?.state == .queued)
        #expect(try again.job("a")?.attempts == 0)
        #expect(try again.job("a")?.filename == "a'; DROP TABLE job; --")
        #expect(try again.counts() == [.queued: 2])
    }

    @Test("pages show the newest first; only what is over can be forgotten")
    func pages() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try store()
        for number in 0..<25 { try store.add(job("\(number)", created: Double(number))) }
        let page = try store.jobs(JobFilter(), limit: 10, offset: 20)
        #expect(page.total == 25)
        #expect(page.jobs.map(\.id) == ["4", "3", "2", "1", "0"])
        #expect(try !store.remove("3"))
        try store.change("3") { job in
            job.state = .cancelled
            return true
        }
        #expect(try store.jobs(JobFilter(state: .cancelled), limit: 10, offset: 0).total == 1)
        #expect(try store.remove("3"))
        #expect(try store.job("3") == nil)
    }
}
