import Synchronization

/// Counts the workers of a stage that still work, so that the last to leave can close the door.
final class WorkerCount: Sendable {
    private let remaining: Atomic<Int>

    init(_ count: Int) { remaining = Atomic(count) }

    /// Says that one worker is done; returns whether it was the last.
    func leave() -> Bool { remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}
