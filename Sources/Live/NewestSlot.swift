internal import Dispatch
internal import Synchronization

/// Hands the newest element from one thread to another: what was not taken in time is replaced, never queued.
final class NewestSlot<Element: Sendable>: Sendable {
    private struct State {
        var element: Element?
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Counts what there is to take: an element, or the end.
    private let filled = DispatchSemaphore(value: 0)

    /// Puts an element in place of the one that still waits, if one does. Returns whether it replaced one.
    @discardableResult
    func put(_ element: Element) -> Bool {
        let replaced = state.withLock { state in
            defer { state.element = element }
            return state.element != nil
        }
        if !replaced { filled.signal() }
        return replaced
    }

    /// Waits for an element; nil once the slot is closed and empty.
    func take() -> Element? {
        filled.wait()
        let element = state.withLock { state in
            defer { state.element = nil }
            return state.element
        }
        // The end stays to be taken again.
        if element == nil { filled.signal() }
        return element
    }

    /// No more elements will come; one that waits can still be taken.
    func close() {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if isFirst { filled.signal() }
    }
}
