internal import Synchronization

/// What a reader of a job's events has been told.
final class Course: Sendable {
    private struct State {
        var last: JobService.View?
        var hasEnded = false
    }

    private let state = Mutex(State())

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func end() { state.withLock { $0.hasEnded = true } }

    /// The view, where it says something new.
    func news(_ view: JobService.View) -> JobService.View? {
        state.withLock { state in
            guard state.last != view else { return nil }
            state.last = view
            return view
        }
    }
}
