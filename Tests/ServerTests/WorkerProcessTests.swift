import Foundation
import Model
import Testing

@testable import Server
import Work

/// Workers that do what they should not, played by shell scripts.
@Suite("Worker processes")
struct WorkerProcessTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")

    private func worker(_ script: String) throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("worker")
        try "#!/bin/sh\n\(script)\n".write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file.path)
        return file
    }

    private func order() -> WorkOrder {
        WorkOrder(input: "x", folder: folder.path, options: JobOptions(), streams: 1, limits: WorkOrder.Limits())
    }

    @Test("one that hangs is killed when its time is over")
    func hanging() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        // It does not mind that its input ends.
        let outcome = try WorkerProcess().run(worker("exec sleep 600"), "worker", order(), timeout: 0.3)
        guard case .late = outcome else { return #expect(Bool(false), "\(outcome)") }
    }

    @Test("one that crashes fails, and may be tried again")
    func crashing() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let outcome = try WorkerProcess().run(worker("read order; kill -SEGV $$"), "worker", order(), timeout: 30)
        guard case .failed(let reason, false) = outcome else { return #expect(Bool(false), "\(outcome)") }
        #expect(reason.contains("crashed"))
    }

    @Test("a job that is cancelled, and queued again while its worker still ends, is drawn once more, not twice")
    func queuedAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let folders = try JobFolders(folder, allowed: AllowedFolders())
        let store = try JobStore(JobStore.file(in: folder))
        let begun = folder.appendingPathComponent("begun")
        // It takes its time to end when its input does.
        let script = "echo x >> \(begun.path); cat > /dev/null; sleep 1; exit 130"
        var limits = ServiceLimits()
        limits.freeDisk = 0
        let dispatcher = Dispatcher(
            store, folders, executable: try worker(script), workers: 2, limits: limits, jobLimits: .init())
        let service = JobService(store, folders, dispatcher, presets: PresetLibrary(), limits: limits)
        try folders.make("a")
        try store.accept(
            Job(id: "a", filename: "a.mp4", options: JobOptions(), created: 1, bytes: 1), from: .host, limits)
        dispatcher.start()
        func wait(for count: Int) {
            let deadline = ContinuousClock.now + .seconds(30)
            while lines() < count, ContinuousClock.now < deadline { usleep(10_000) }
        }
        func lines() -> Int { (try? Data(contentsOf: begun))?.count { $0 == 10 } ?? 0 }
        wait(for: 1)
        _ = try service.cancel("a")
        _ = try service.retry("a", for: .host)
        wait(for: 2)
        // The first one has ended by then.
        sleep(3)
        #expect(lines() == 2)
        #expect(try store.job("a")?.state == .running)
        // It can still be ended.
        _ = try service.cancel("a")
        dispatcher.stop()
        #expect(try store.job("a")?.state == .cancelled)
        #expect(lines() == 2)
    }

    @Test("beyond a few that wait for a picture, others are sent away, and those that wait get theirs")
    func queue() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let script =
            "read order; sleep 0.2; f=${order#*'\"folder\":\"'}; f=${f%%'\"'*}; printf picture > \"$f/frame.jpg\""
        let folders = try JobFolders(folder, allowed: AllowedFolders())
        let desk = PictureDesk(
            try JobStore(JobStore.file(in: folder)), folders, executable: try worker(script), limits: ServiceLimits(),
            jobLimits: .init())
        let job = Job(id: "a", filename: "a.mp4", options: JobOptions(), created: 0, bytes: 1)
        let (shown, refused) = await withTaskGroup(of: Bool?.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    do {
                        return try await desk.frame(of: job, .input, at: 0) == Data("picture".utf8)
                    } catch { return (error as? Refusal)?.retryAfter != nil ? nil : false }
                }
            }
            var (shown, refused) = (0, 0)
            for await isRight in group {
                #expect(isRight != false)
                if isRight == nil { refused += 1 } else { shown += 1 }
            }
            return (shown, refused)
        }
        #expect(shown >= 16 && refused > 0 && shown + refused == 60)
        desk.stop()
    }
}
