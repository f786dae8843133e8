import Foundation

/// Puts the results of several workers back into the order of their inputs and sends them on.
///
/// At most `limit` elements are between `reserve` and their departure, so that one slow element cannot make the others
/// pile up.
final class OrderedMerge<Element: Sendable>: @unchecked Sendable {
    // @unchecked Sendable: `ring`, `next`, `inFlight`, `isDraining` and `isClosed` are read and written only between
    // `condition.lock()` and `condition.unlock()`; everything else is immutable.

    private let limit: Int
    private let output: BoundedChannel<Element>
    private let condition = NSCondition()
    private var ring: [Element?]
    private var next = 0
    private var inFlight = 0
    private var isDraining = false
    private var isClosed = false

    init(limit: Int, into output: BoundedChannel<Element>) {
        self.limit = limit
        self.output = output
        ring = Array(repeating: nil, count: limit)
    }

    /// Waits until one more element may be taken in hand. Returns false once the merge is closed.
    func reserve() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !isClosed && inFlight == limit { condition.wait() }
        if !isClosed { inFlight += 1 }
        return !isClosed
    }

    /// Accepts the result with position `number` and sends on whatever is now in order. Every reserved number has to
    /// arrive, without gaps. Returns false once the merge or the output is closed.
    ///
    /// Only one caller sends at a time; the others leave their result behind and go back to work.
    func deliver(_ element: Element, number: Int) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        // Reservation bounds the numbers in hand to next ..< next + limit, so slots never collide.
        ring[number % limit] = element
        if isDraining { return !isClosed }
        isDraining = true
        while !isClosed, let ready = ring[next % limit] {
            ring[next % limit] = nil
            next += 1
            condition.unlock()
            let isSent = output.send(ready)
            condition.lock()
            inFlight -= 1
            if !isSent { isClosed = true }
            condition.broadcast()
        }
        isDraining = false
        return !isClosed
    }

    /// Ends every wait; elements that are left are dropped.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}
