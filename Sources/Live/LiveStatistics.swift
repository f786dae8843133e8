internal import Synchronization

/// What a live run has done, counted as it goes. Callable on any thread.
package final class LiveStatistics: Sendable {
    /// The figures at one moment; times in milliseconds.
    package struct Figures: Sendable, Encodable {
        package struct Delay: Sendable, Encodable {
            package var median: Double?
            package var p95: Double?
        }

        /// Seconds since the first picture.
        package var seconds = 0.0
        /// Pictures that came from the source.
        package var captured = 0
        /// Frames that every output which could keep up has taken: those of the quickest.
        package var delivered = 0
        /// Pictures that were passed over because a newer one was there.
        package var dropped = 0
        /// From the picture's coming to the end of encoding or showing it, over the whole run.
        package var delayMilliseconds = Delay()
        /// Time of the generator alone, on average.
        package var generatorMilliseconds: Double?
        /// Size at which pictures are drawn now.
        package var width = 0
        package var height = 0
        /// How often the size of drawing was changed to keep up.
        package var sizeChanges = 0
        /// How often the source was lost and came back.
        package var reconnections = 0

        enum CodingKeys: String, CodingKey {
            case seconds, captured, delivered, dropped, width, height, reconnections
            case delayMilliseconds = "delay_ms"
            case generatorMilliseconds = "generator_ms"
            case sizeChanges = "size_changes"
        }
    }

    private struct State {
        var figures = Figures()
        var begin: ContinuousClock.Instant?
        var end: ContinuousClock.Instant?
        var delays = DelayHistogram()
        var deliveredBySink: [Int: Int] = [:]
        var generatorSeconds = 0.0
        var drawn = 0
    }

    private let state = Mutex(State())

    /// The figures up to now.
    package var figures: Figures {
        state.withLock { state in
            var figures = state.figures
            if let begin = state.begin { figures.seconds = ((state.end ?? .now) - begin) / .seconds(1) }
            figures.delivered = state.deliveredBySink.values.max() ?? 0
            figures.delayMilliseconds = .init(median: state.delays.quantile(0.5), p95: state.delays.quantile(0.95))
            if state.drawn > 0 { figures.generatorMilliseconds = state.generatorSeconds / Double(state.drawn) * 1000 }
            return figures
        }
    }

    func noteCapture() {
        state.withLock { state in
            if state.begin == nil { state.begin = .now }
            state.figures.captured += 1
        }
    }

    func noteDrop() { state.withLock { $0.figures.dropped += 1 } }

    func noteDrawing(generator: Duration, width: Int, height: Int) {
        state.withLock { state in
            state.generatorSeconds += generator / .seconds(1)
            state.drawn += 1
            (state.figures.width, state.figures.height) = (width, height)
        }
    }

    func noteDelivery(sink: Int, captured: ContinuousClock.Instant) {
        let delay = (ContinuousClock.now - captured) / .milliseconds(1)
        state.withLock { state in
            state.deliveredBySink[sink, default: 0] += 1
            state.delays.add(milliseconds: delay)
        }
    }

    func noteSizeChange() { state.withLock { $0.figures.sizeChanges += 1 } }
    func noteReconnection() { state.withLock { $0.figures.reconnections += 1 } }
    func noteEnd() { state.withLock { $0.end = .now } }
}
