import Foundation

/// A queue of at most `capacity` elements between two stages: a full one makes the sender wait, an empty one the
/// receiver, so that the slowest stage sets the pace and memory stays bounded.
///
/// Any number of threads may send and receive. Elements come out in the order in which they went in.
package final class BoundedChannel<Element: Sendable>: @unchecked Sendable {
    // @unchecked Sendable: `ring`, `head`, `count`, `received`, `waiting` and `phase` are read and written only between
    // `condition.lock()` and `condition.unlock()`; everything else is immutable.

    private enum Phase {
        case open
        /// Nothing more comes in; what is queued still goes out.
        case finished
        /// Nothing comes in or goes out.
        case closed
    }

    /// The most elements that wait in the channel.
    package let capacity: Int
    private let condition = NSCondition()
    private var ring: [Element?]
    private var head = 0
    private var count = 0
    private var received = 0
    private var waiting = 0
    private var phase = Phase.open

    package init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        ring = Array(repeating: nil, count: capacity)
    }

    /// Appends `element`, waiting while the channel is full. Returns false, and drops the element, once the channel is
    /// finished or closed.
    package func send(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while phase == .open && count == capacity { wait() }
        guard phase == .open else { return false }
        ring[(head + count) % capacity] = element
        count += 1
        wake()
        return true
    }

    /// Takes the oldest element, waiting while the channel is empty. Returns nil once it is finished and empty, or
    /// closed.
    package func receive() -> Element? {
        receiveNumbered()?.element
    }

    /// Like `receive`, with the position of the element in the order of sending, from 0: what several receivers need to
    /// restore that order afterwards.
    package func receiveNumbered() -> (number: Int, element: Element)? {
        condition.lock()
        defer { condition.unlock() }
        while phase == .open && count == 0 { wait() }
        guard phase != .closed, count > 0, let element = ring[head] else { return nil }
        ring[head] = nil
        head = (head + 1) % capacity
        count -= 1
        received += 1
        wake()
        return (received - 1, element)
    }

    /// Says that nothing more will be sent. What is queued is still received.
    package func finish() {
        condition.lock()
        defer { condition.unlock() }
        if phase == .open { phase = .finished }
        wake()
    }

    /// Drops what is queued and ends every wait on both sides.
    package func close() {
        condition.lock()
        let dropped = ring
        ring = Array(repeating: nil, count: capacity)
        count = 0
        phase = .closed
        wake()
        condition.unlock()
        // The elements are let go here, outside the lock, since their deinit may run anything.
        withExtendedLifetime(dropped) {}
    }

    private func wait() {
        waiting += 1
        condition.wait()
        waiting -= 1
    }

    private func wake() {
        if waiting > 0 { condition.broadcast() }
    }
}
