internal import Synchronization

/// What has happened so far in a run, noted by its stages.
final class RunCourse: Sendable {
    private let stopWasAsked = Atomic(false)
    /// When the first picture went to the encoder.
    let firstFrame = Mutex(ContinuousClock.now)
    private let reachedEnd = Atomic(false)

    /// The input ended by itself: a wish to stop that came later changes nothing about the result.
    var hasReachedEnd: Bool { reachedEnd.load(ordering: .sequentiallyConsistent) }

    /// The user wants the run to end here.
    func askToStop() { stopWasAsked.store(true, ordering: .sequentiallyConsistent) }

    /// Called when the reader has no more pictures.
    func noteEndOfInput() {
        guard !stopWasAsked.load(ordering: .sequentiallyConsistent) else { return }
        reachedEnd.store(true, ordering: .sequentiallyConsistent)
    }
}
