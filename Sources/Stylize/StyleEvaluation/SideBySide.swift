internal import Dispatch
internal import Synchronization

/// Work on numbered things, some of them at once.
enum SideBySide {
    /// Returns what `body` makes of 0..<`count`, in order; up to `lanes` calls run at once.
    ///
    /// - Throws: the first error met; what was not begun by then is left out.
    static func map<Result: Sendable>(
        _ count: Int, lanes: Int, _ body: @Sendable (Int) throws -> Result
    ) throws -> [Result] {
        let state = Mutex((next: 0, results: [Result?](repeating: nil, count: count), error: (any Error)?.none))
        DispatchQueue.concurrentPerform(iterations: max(1, min(lanes, count))) { _ in
            while true {
                let index = state.withLock { state -> Int? in
                    guard state.error == nil, state.next < count else { return nil }
                    defer { state.next += 1 }
                    return state.next
                }
                guard let index else { return }
                do {
                    let result = try body(index)
                    state.withLock { $0.results[index] = result }
                } catch {
                    state.withLock { $0.error = $0.error ?? error }
                }
            }
        }
        return try state.withLock { state in
            if let error = state.error { throw error }
            return state.results.compactMap { $0 }
        }
    }
}
