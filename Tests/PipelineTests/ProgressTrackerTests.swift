import Foundation
import Synchronization
import Testing

@testable import Pipeline

/// A clock that goes when told to.
private final class HandClock: Sendable {
    private let time = Mutex(100.0)
    var now: Double { time.withLock { $0 } }
    func advance(by seconds: Double) { time.withLock { $0 += seconds } }
}

@Suite("Progress")
struct ProgressTrackerTests {
    private let clock = HandClock()

    private func tracker(frames: Int?, window: Double = 4) -> ProgressTracker {
        ProgressTracker(frames: frames, window: window, now: { [clock] in clock.now })
    }

    /// Completes `count` frames of a 25 fps video, `interval` seconds apart.
    private func complete(_ count: Int, every interval: Double, from first: Int = 0, in tracker: ProgressTracker) {
        for number in first..<first + count {
            clock.advance(by: interval)
            tracker.completeFrame(mediaTime: Double(number + 1) / 25)
        }
    }

    @Test("rate, speed and remaining time count from the first finished frame")
    func rates() throws {
        let tracker = tracker(frames: 200)
        #expect(tracker.progress() == RenderProgress(frame: 0, frames: 200, fps: 0, speed: 0, eta: nil, stages: []))
        clock.advance(by: 30)  // a model being compiled
        complete(101, every: 0.02, in: tracker)
        let progress = tracker.progress()
        #expect(progress.frame == 101)
        #expect(abs(progress.fps - 50) < 1e-6)
        #expect(abs(progress.speed - 2) < 1e-6)
        #expect(abs(try #require(progress.eta) - 99 / 50) < 1e-6)
    }

    @Test("the rate follows what happened of late")
    func slidingWindow() {
        let tracker = tracker(frames: nil)
        complete(100, every: 0.01, in: tracker)
        complete(100, every: 0.1, from: 100, in: tracker)
        let progress = tracker.progress()
        #expect(abs(progress.fps - 10) < 0.5)
        #expect(progress.eta == nil)
        #expect(progress.frames == nil)
        clock.advance(by: 100)
        #expect(tracker.progress().fps < 1)
    }

    @Test("more frames than promised are no negative remainder")
    func understatedTotal() {
        let tracker = tracker(frames: 10)
        complete(12, every: 0.1, in: tracker)
        #expect(tracker.progress().frames == 12)
        #expect(tracker.progress().eta == 0)
        tracker.expect(frames: 24)
        #expect(tracker.progress().frames == 24)
    }

    @Test("the JSON has the documented fields, null where nothing is known")
    func json() throws {
        let progress = RenderProgress(
            frame: 120, frames: 300, fps: 31.2345, speed: 1.0412, eta: 5.76,
            stages: [.init(name: "decode", milliseconds: 1.234), .init(name: "generate", milliseconds: 40)])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func text(_ value: RenderProgress) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        #expect(
            try text(progress) == """
                {"eta_s":5.8,"fps":31.2,"frame":120,"frames":300,"speed":1.041,\
                "stage_ms":{"decode":1.23,"generate":40}}
                """)
        let unknown = RenderProgress(frame: 0, frames: nil, fps: 0, speed: 0, eta: nil, stages: [])
        #expect(
            try text(unknown) == #"{"eta_s":null,"fps":0,"frame":0,"frames":null,"speed":0,"stage_ms":{}}"#)
        let decoded = try JSONDecoder().decode(RenderProgress.self, from: encoder.encode(progress))
        #expect(decoded.frame == 120 && decoded.frames == 300 && decoded.fps == 31.2 && decoded.eta == 5.8)
        #expect(decoded.stages.map(\.name) == ["decode", "generate"])
        #expect(try JSONDecoder().decode(RenderProgress.self, from: encoder.encode(unknown)) == unknown)
    }

    @Test("milliseconds per stage come from the timings")
    func stageMilliseconds() {
        var timing = StageTiming(name: "generate", workers: 2)
        timing.items = 4
        timing.busy = .milliseconds(100)
        let timings = StageTimings(stages: [timing], wall: .seconds(1), processor: .milliseconds(1_500))
        #expect(tracker(frames: 1).progress(timings: timings).stages == [.init(name: "generate", milliseconds: 25)])
        #expect(timings.coresBusy == 1.5)
    }
}
