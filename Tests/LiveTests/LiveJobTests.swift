import Foundation
import Frames
import Inference
import Media
import Model
import Stylize
import Synchronization
import Temporal
import Testing

@testable import Live

/// Whole runs, looked at frame by frame.
@Suite("Live job", .serialized, .timeLimit(.minutes(10)))
struct LiveJobTests {
    /// Frames as a viewer gets them, from a source that stands still: whatever changes was changed.
    private final class Watch: Sendable {
        struct State {
            var count = 0
            var last: [UInt8] = []
            /// The frames that differed from the one before, and when every frame came.
            var changes: [Int] = []
            var times: [ContinuousClock.Instant] = []
            /// By how much each frame differed from the one before, in levels.
            var differences: [Double] = []
        }

        let state = Mutex(State())

        func see(_ pixels: PixelBuffer) {
            let row = pixels.bytes + pixels.height / 2 * pixels.stride
            let bytes = Array(UnsafeBufferPointer(start: row, count: pixels.width * 3))
            state.withLock { state in
                // What smoothing and rounding do to a picture that stands still is less.
                let moved = zip(bytes, state.last).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
                let sum = zip(bytes, state.last).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                state.differences.append(Double(sum) / Double(bytes.count))
                if state.count > 0, moved > 4 || bytes.count != state.last.count { state.changes.append(state.count) }
                state.last = bytes
                state.times.append(.now)
                state.count += 1
            }
        }

        var count: Int { state.withLock { $0.count } }

        func wait(until condition: @escaping (State) -> Bool) -> Bool {
            let deadline = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < deadline {
                if state.withLock({ condition($0) }) { return true }
                usleep(2_000)
            }
            return false
        }
    }

    private static func request() -> LiveRequest {
        var request = LiveRequest(input: "smptebars=size=320x180:rate=30", preset: "cel")
        request.inputOptions.format = "lavfi"
        request.isPaced = true
        request.drawing.inference.streams = 1
        request.adaptsQuality = false
        request.duration = 60
        return request
    }

    /// Runs until `body` returns.
    private func run(
        _ request: LiveRequest, event: @escaping @Sendable (LiveJob.Event) -> Void = { _ in },
        _ body: (LiveJob, Watch) throws -> Void
    ) throws {
        let watch = Watch()
        let job = try LiveJob(request, viewers: [.init("test") { watch.see($0) }])
        let ended = DispatchSemaphore(value: 0)
        let failure = Mutex<(any Error)?>(nil)
        Thread.detachNewThread {
            do { _ = try job.run(event: event) } catch { failure.withLock { $0 = error } }
            ended.signal()
        }
        // The beginning settles first.
        #expect(watch.wait { $0.count > 20 })
        try body(job, watch)
        job.stop()
        ended.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// How many frames there were, just after one came: one that is drawn already, and yet to be shown, would count as changed.
    private static func fresh(_ watch: Watch) -> Int {
        let count = watch.count
        #expect(watch.wait { $0.count > count })
        return watch.count
    }

    /// The fewest frames that passed until a change was seen, of up to three attempts at it: beside other tests the thread
    /// that asks for it may wait for a core as long as a few frames take.
    private static func fewest(_ attempt: () throws -> Int) rethrows -> Int {
        var best = Int.max
        for _ in 0..<3 where best > 2 { best = min(best, try attempt()) }
        return best
    }

    @Test("strength and view take effect within two frames")
    func switching() throws {
        try run(Self.request()) { job, watch in
            typealias Change = (inout LiveLook) -> Void
            let changes: [(name: String, there: Change, back: Change)] = [
                ("strength", { $0.strength = 0.2 }, { $0.strength = 1 }),
                ("view", { $0.view = .original }, { $0.view = .drawing }),
            ]
            func frames(_ name: String, _ change: Change) throws -> Int {
                let before = Self.fresh(watch)
                change(&job.look)
                #expect(watch.wait { $0.changes.contains { $0 >= before } }, "\(name) changes nothing")
                let frame = watch.state.withLock { $0.changes.first { $0 >= before } } ?? before + 100
                #expect(watch.wait { $0.count > before + 8 })
                return frame - before + 1
            }
            for (name, there, back) in changes {
                let fewest = try Self.fewest { max(try frames(name, there), try frames(name, back)) }
                print("\(name): \(fewest) frames after it was asked for")
                #expect(fewest <= 2, "\(name)")
            }
        }
    }

    @Test("smoothing takes effect within two frames: what flickers is still, and flickers again")
    func smoothingChange() throws {
        var request = Self.request()
        request.input = "smptebars=size=320x180:rate=30,noise=alls=12:allf=t"
        request.drawing.smoothing = .off
        try run(request) { job, watch in
            // How much frames differ is measured in each state first.
            func settled(_ smoothing: SmoothingStrength) -> Double {
                job.look.smoothing = smoothing
                let before = watch.count
                #expect(watch.wait { $0.count > before + 20 })
                let last = watch.state.withLock { $0.differences.suffix(10) }
                return last.reduce(0, +) / 10
            }
            let (flicker, still) = (settled(.off), settled(.strong))
            #expect(still < flicker * 0.7)
            let middle = (flicker + still) / 2
            func frames(_ smoothing: SmoothingStrength) throws -> Int {
                let before = Self.fresh(watch)
                job.look.smoothing = smoothing
                #expect(watch.wait { $0.count > before + 10 })
                let after = watch.state.withLock { $0.differences[before...] }
                let frame = try #require(after.firstIndex { smoothing == .off ? $0 > middle : $0 < middle })
                return frame - before + 1
            }
            let fewest = try Self.fewest { max(try frames(.off), try frames(.strong)) }
            print("smoothing: \(fewest) frames after it was asked for")
            #expect(fewest <= 2)
        }
    }

    /// Changes to a preset; returns how many frames later it was seen.
    private func change(to preset: String, _ job: LiveJob, _ watch: Watch) throws -> Int {
        let before = Self.fresh(watch)
        let asked = ContinuousClock.now
        try job.change(toPreset: preset)
        #expect(watch.wait { $0.changes.contains { $0 >= before } })
        // The frame after it is looked at too, for the time between them.
        let frame = watch.state.withLock { $0.changes.first { $0 >= before } ?? 0 }
        #expect(watch.wait { $0.count > frame + 1 })
        let times = watch.state.withLock { $0.times }
        let gaps = zip(times[(before - 1)...], times[before...]).map { ($1 - $0) / .milliseconds(1) }
        print(
            "\(preset): drawn after \(frame - before + 1) frames, \(Int((times[frame] - asked) / .milliseconds(1))) ms;"
                + " longest time between two frames \(Int(gaps.max() ?? 0)) ms")
        #expect(job.preset == preset)
        return frame - before + 1
    }

    @Test("another preset takes effect within two frames, and the first one again")
    func presetChange() throws {
        try run(Self.request()) { job, watch in
            for preset in ["painted", "anime", "cel", "painted"] {
                #expect(watch.wait { _ in job.isReady(preset: preset) }, "\(preset) is never ready")
                let frames = try change(to: preset, job, watch)
                #expect(frames <= 2, "\(preset)")
            }
        }
    }

    @Test("while the size changes, another preset draws at the size that there is, then at the right one")
    func presetWhileSizeChanges() throws {
        var request = Self.request()
        request.adaptsQuality = true
        let library = PresetLibrary()
        let choice = try GeneratorChoice(request.drawing, presets: library)
        let scenes = try LiveScenes(choice, request, presets: library, width: 64, height: 48, headStart: .seconds(300))
        #expect(["anime", "painted"].allSatisfy(scenes.isReady), "not all is ready from the beginning")
        let first = scenes.first()
        scenes.change(toRung: 2)
        try scenes.change(toPreset: "painted")
        let (early, isNewLook) = try #require(scenes.next(after: first))
        #expect(early.rung == 0 && isNewLook)
        #expect(scenes.next(after: early) == nil)
        scenes.start { Issue.record("\($0)") }
        defer { scenes.stop() }
        var right = scenes.next(after: early)
        for _ in 0..<3000 where right == nil {
            usleep(10_000)
            right = scenes.next(after: early)
        }
        let scene = try #require(right)
        #expect(scene.scene.rung == 2 && scene.scene.width == 44 && !scene.isNewLook)
        // What it began with is there too.
        try scenes.change(toPreset: "cel")
        #expect(scenes.next(after: scene.scene)?.isNewLook == true)
    }

    @Test("a preset that is not compiled ahead is compiled while frames go on, and then draws")
    func presetWithoutKey() throws {
        try run(Self.request()) { job, watch in
            #expect(!job.isReady(preset: "painted:studio"))
            // How far apart the frames were meanwhile is printed, not judged: other tests load the machine.
            let frames = try change(to: "painted:studio", job, watch)
            #expect(frames > 1, "it cannot be compiled within a frame")
            #expect(watch.wait { _ in job.isReady(preset: "painted") })
        }
    }

    @Test("a preset that is asked for and not wanted after all is never seen")
    func changeOfMind() throws {
        try run(Self.request()) { job, watch in
            #expect(watch.wait { _ in job.isReady(preset: "painted") })
            let before = watch.count
            try job.change(toPreset: "painted:studio")
            // It is being compiled by then.
            usleep(60_000)
            try job.change(toPreset: "cel")
            #expect(job.preset == "cel")
            #expect(watch.wait { $0.count > before + 60 })
            #expect(watch.state.withLock { $0.changes.allSatisfy { $0 < before } })
        }
    }

    @Test("of a preset whose weights are broken a sentence is said, and the drawing goes on as before")
    func brokenPreset() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let cel = try #require(PresetLibrary().folder(of: "cel"))
        try FileManager.default.copyItem(at: cel, to: folder)
        let weights = folder.appendingPathComponent("live.safetensors")
        try Data(contentsOf: weights).prefix(1000).write(to: weights)
        let warnings = Mutex<[String]>([])
        try run(Self.request()) { event in
            if case .warning(let text) = event { warnings.withLock { $0.append(text) } }
        } _: { job, watch in
            let before = watch.count
            try job.change(toPreset: folder.path)
            #expect(watch.wait { _ in !warnings.withLock { $0.isEmpty } })
            #expect(job.preset == "cel")
            #expect(watch.wait { $0.count > before + 20 })
            #expect(watch.state.withLock { $0.changes.allSatisfy { $0 < before } })
        }
        #expect(warnings.withLock { $0.allSatisfy { $0.contains("goes on as before") } }, "\(warnings.withLock { $0 })")
    }

    @Test("a recording joins, leaves, and begins at its own start")
    func recording() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString).mkv")
        defer { try? FileManager.default.removeItem(at: file) }
        try run(Self.request()) { job, watch in
            try job.startRecording(to: file.path)
            #expect(job.recording == file.path)
            let before = watch.count
            #expect(watch.wait { $0.count > before + 20 })
            job.stopRecording()
            #expect(job.recording == nil)
            let deadline = ContinuousClock.now + .seconds(10)
            while !FileManager.default.fileExists(atPath: file.path), ContinuousClock.now < deadline { usleep(5_000) }
            #expect(FileManager.default.fileExists(atPath: file.path))
            // The name is free only once.
            #expect(throws: SakugaError.self) { try job.startRecording(to: file.path) }
            #expect(job.recording == nil)
        }
    }
}
