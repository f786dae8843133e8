internal import Foundation
internal import Frames
internal import Pipeline
internal import Stylize
internal import Work

/// What is to be done of a batch, and who may do it next. Used under a lock.
///
/// Films are drawn whole, one worker each, as long as there are enough of them; the last ones are cut into segments, so
/// that no worker is idle. Their frames are the same either way.
struct BatchQueue {
    /// A piece of work for a worker.
    struct Task: Sendable {
        enum Kind: Sendable, Equatable {
            /// All of an item.
            case whole
            /// Finds out a film's segments.
            case plan
            case segments(Range<Int>)
            /// Makes the film of its segments.
            case join
        }

        var item: Int
        var kind: Kind
        var order: RenderOrder
    }

    private enum Phase {
        case waiting
        /// At a worker, whole or to be planned or joined.
        case taken
        /// Segments that nobody draws yet, and the number of stretches that are being drawn.
        case segments([Range<Int>], running: Int)
        case over
    }

    private var items: [BatchItem] = []
    private var phases: [Phase] = []
    private var attempts: [Int] = []
    private var begun: [ContinuousClock.Instant?] = []
    private(set) var results: [BatchResult?] = []
    private let workers: Int
    /// An attempt that fails for reasons that may pass is made so often.
    private static let mostAttempts = 3

    init(workers: Int) { self.workers = workers }

    mutating func add(_ item: BatchItem) {
        items.append(item)
        phases.append(.waiting)
        attempts.append(0)
        begun.append(nil)
        results.append(nil)
    }

    var isOver: Bool { results.allSatisfy { $0 != nil } }
    var counts: (over: Int, all: Int) { (results.count { $0 != nil }, items.count) }

    /// The next piece of work; nil: there is none for now.
    mutating func next() -> Task? {
        for (number, phase) in phases.enumerated() {
            guard case .segments(var spans, let running) = phase else { continue }
            if !spans.isEmpty {
                let span = spans.removeFirst()
                phases[number] = .segments(spans, running: running + 1)
                // Should somebody have taken the plan away, the work fails and says so.
                let film = film(number)
                return Task(
                    item: number, kind: .segments(span),
                    order: RenderOrder(film?.request(for: span) ?? items[number].request))
            }
            if running == 0 {
                phases[number] = .taken
                return Task(item: number, kind: .join, order: RenderOrder(items[number].request))
            }
        }
        guard let number = phases.firstIndex(where: { if case .waiting = $0 { true } else { false } }) else {
            return nil
        }
        phases[number] = .taken
        begun[number] = begun[number] ?? .now
        let waiting = phases.count { if case .waiting = $0 { true } else { false } }
        let isShared = workers > 1 && waiting + 1 < workers && items[number].request.resumes
        return Task(
            item: number, kind: isShared ? .plan : .whole,
            order: RenderOrder(items[number].request, plans: isShared))
    }

    /// A piece of work has ended. Returns the item's result where that was the last piece.
    mutating func end(_ task: Task, _ outcome: WorkerProcess.Outcome) -> BatchResult? {
        let number = task.item
        if results[number] != nil { return nil }
        switch outcome {
        case .stopped, .late: return nil
        case .failed(let reason, let isFinal):
            attempts[number] += 1
            if isFinal || attempts[number] >= Self.mostAttempts { return finish(number, .failed, error: reason) }
            // What is drawn stays drawn.
            if case .segments(let span) = task.kind { putBack(span, number) } else { phases[number] = .waiting }
            return nil
        case .done(let frames):
            switch task.kind {
            case .whole, .join: return finish(number, .done, frames: frames)
            case .plan:
                if let film = film(number) {
                    // Longer stretches have fewer beginnings, shorter ones share the work more evenly.
                    phases[number] = .segments(
                        film.spans(longest: max(1, film.lengths.count / (workers * 4))), running: 0)
                } else {
                    phases[number] = .waiting
                    items[number].request.resumes = false
                }
            case .segments(let span): putBack(nil, number, missing: span)
            }
            return nil
        }
    }

    private mutating func putBack(_ span: Range<Int>?, _ number: Int, missing: Range<Int>? = nil) {
        guard case .segments(let spans, let running) = phases[number] else { return }
        let drawn = film(number)?.drawn ?? []
        let left = (span ?? missing).map { range in range.filter { !drawn.contains($0) } } ?? []
        if span == nil, !left.isEmpty { attempts[number] += 1 }
        phases[number] = .segments(left.map { $0..<$0 + 1 } + spans, running: running - 1)
    }

    mutating func skip(_ number: Int) { _ = finish(number, .skipped) }

    mutating func stop() {
        for number in items.indices where results[number] == nil { _ = finish(number, .stopped) }
    }

    private mutating func finish(
        _ number: Int, _ state: BatchResult.State, frames: Int? = nil, error: String? = nil
    ) -> BatchResult {
        phases[number] = .over
        let result = BatchResult(
            input: items[number].input, output: items[number].output, state: state, frames: frames,
            seconds: begun[number].map { ((ContinuousClock.now - $0).seconds * 100).rounded() / 100 }, error: error)
        results[number] = result
        return result
    }

    private func film(_ number: Int) -> PlannedFilm? {
        try? PlannedFilm(PlannedFilm.folder(for: items[number].output))
    }
}
