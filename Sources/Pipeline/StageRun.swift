import Dispatch
import Synchronization

/// What the stages of one chain share: the first failure, the wish to stop, and who has to be woken.
///
/// Apart from `StageChain`, so that running stages do not keep their chain alive.
final class StageRun: Sendable {
    private struct State {
        var failure: (any Error)?
        var closers: [@Sendable () -> Void] = []
        var clocks: [StageClock] = []
        /// Clock readings when the first stage started.
        var start: (wall: Duration, processor: Duration)?
        /// Time gone by when the last stage had ended.
        var end: (wall: Duration, processor: Duration)?
    }

    private let state = Mutex(State())
    private let stopping = Atomic(false)
    private let running = DispatchGroup()

    var isStopping: Bool { stopping.load(ordering: .relaxed) }
    var isCancelled: Bool { state.withLock { $0.failure != nil } }

    func stop() { stopping.store(true, ordering: .relaxed) }

    /// Keeps `error` if it is the first, and ends every wait.
    func cancel(with error: any Error) {
        let closers = state.withLock { state in
            if state.failure == nil { state.failure = error }
            return state.closers
        }
        for close in closers { close() }
    }

    /// Registers how to end the waits of something that stages wait on; at once if the run was already cancelled.
    func onCancel(_ close: @escaping @Sendable () -> Void) {
        let isCancelled = state.withLock { state in
            state.closers.append(close)
            return state.failure != nil
        }
        if isCancelled { close() }
    }

    func makeClock(name: String, workers: Int) -> StageClock {
        let clock = StageClock(name: name, workers: workers)
        state.withLock { $0.clocks.append(clock) }
        return clock
    }

    /// Runs `work` on a queue of its own; what it throws cancels the run.
    func start(label: String, _ work: @escaping @Sendable () throws -> Void) {
        state.withLock { state in
            if state.start == nil { state.start = (SystemClock.monotonic(), SystemClock.process()) }
        }
        // A serial queue that targets nothing has a thread to itself while it is busy, so it may block.
        DispatchQueue(label: label, qos: .userInitiated).async(group: running) {
            do { try work() } catch { self.cancel(with: error) }
        }
    }

    func wait() throws {
        running.wait()
        let now = readings
        let failure = state.withLock { state in
            if state.end == nil { state.end = now }
            return state.failure
        }
        if let failure { throw failure }
    }

    var timings: StageTimings {
        let now = readings
        let (clocks, reading) = state.withLock { ($0.clocks, $0.end ?? now) }
        return StageTimings(stages: clocks.map(\.timing), wall: reading.wall, processor: reading.processor)
    }

    private var readings: (wall: Duration, processor: Duration) {
        guard let start = state.withLock({ $0.start }) else { return (.zero, .zero) }
        return (SystemClock.monotonic() - start.wall, SystemClock.process() - start.processor)
    }
}

/// Carries a stage's body, and what it has captured, to the one thread that runs it.
final class Handover<Body>: @unchecked Sendable {
    // @unchecked Sendable: the body arrives as `sending`, so nobody else holds it or what it captured; it is taken once,
    // under the lock-free order of the queue it is dispatched to, and lives and dies on that queue's thread.
    private var body: Body?

    init(_ body: sending Body) { self.body = body }

    /// Hands the body out, once.
    func take() -> Body {
        defer { body = nil }
        guard let body else { preconditionFailure("a stage's body is taken once") }
        return body
    }
}
