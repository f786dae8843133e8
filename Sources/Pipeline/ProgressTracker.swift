import Synchronization

/// Counts the frames that are done and works out rate and remaining time. Callable from any thread.
package final class ProgressTracker: Sendable {
    private struct Sample {
        var time: Double
        var frame: Int
        var mediaTime: Double
    }

    private struct State {
        var frame = 0
        var frames: Int?
        var mediaTime = 0.0
        /// Oldest first; the rate is that between the first and now.
        var samples: [Sample] = []
    }

    private static let sampleInterval = 0.25
    private let window: Double
    private let now: @Sendable () -> Double
    private let state: Mutex<State>

    /// Makes a tracker for `frames` frames in all, nil where that is not known.
    /// - Parameters:
    ///   - window: how many seconds back the rate looks.
    ///   - now: a clock in seconds that is never set back; the operating system's unless a test brings its own.
    package init(frames: Int?, window: Double = 8, now: (@Sendable () -> Double)? = nil) {
        self.window = window
        self.now = now ?? { SystemClock.monotonic().seconds }
        state = Mutex(State(frames: frames))
    }

    /// Says how many frames there are in all, where that is learnt later.
    package func expect(frames: Int?) {
        state.withLock { $0.frames = frames }
    }

    /// Says that one more frame is done, and that the video is done up to `mediaTime`, in seconds from its beginning.
    package func completeFrame(mediaTime: Double) {
        let time = now()
        state.withLock { state in
            state.frame += 1
            state.mediaTime = mediaTime
            let isDue = state.samples.last.map { time - $0.time >= Self.sampleInterval } ?? true
            guard isDue else { return }
            state.samples.append(Sample(time: time, frame: state.frame, mediaTime: mediaTime))
            // Keep the newest sample that is a whole window old, so that the rate always spans one.
            while state.samples.count > 2, time - state.samples[1].time >= window { state.samples.removeFirst() }
        }
    }

    /// Returns where the run is. The rate counts from the first finished frame on, so that loading a model does not
    /// slow it down, and sinks while nothing gets done.
    package func progress(timings: StageTimings? = nil) -> RenderProgress {
        let time = now()
        let state = state.withLock { $0 }
        var fps = 0.0
        var speed = 0.0
        if let first = state.samples.first, time > first.time {
            fps = Double(state.frame - first.frame) / (time - first.time)
            speed = max(0, state.mediaTime - first.mediaTime) / (time - first.time)
        }
        // Containers may promise fewer frames than they hold.
        let frames = state.frames.map { max($0, state.frame) }
        let eta = fps > 0 ? frames.map { Double($0 - state.frame) / fps } : nil
        let stages = (timings?.stages ?? []).map {
            RenderProgress.Stage(name: $0.name, milliseconds: $0.millisecondsPerItem)
        }
        return RenderProgress(frame: state.frame, frames: frames, fps: fps, speed: speed, eta: eta, stages: stages)
    }
}
