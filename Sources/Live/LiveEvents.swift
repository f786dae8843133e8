internal import Synchronization

/// Passes on what happens in a run to whoever listens; until somebody does, it is kept.
final class LiveEvents: Sendable {
    private struct State {
        var listener: (@Sendable (LiveJob.Event) -> Void)?
        var waiting: [LiveJob.Event] = []
    }

    private let state = Mutex(State())

    func send(_ event: LiveJob.Event) {
        let listener = state.withLock { state in
            if state.listener == nil { state.waiting.append(event) }
            return state.listener
        }
        listener?(event)
    }

    func listen(_ listener: @escaping @Sendable (LiveJob.Event) -> Void) {
        let waiting = state.withLock { state in
            state.listener = listener
            defer { state.waiting = [] }
            return state.waiting
        }
        waiting.forEach(listener)
    }
}
