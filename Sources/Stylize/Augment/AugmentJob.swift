internal import Foundation
internal import Frames
internal import Inference
package import Model
package import Pipeline
internal import Synchronization

/// Makes drawings of all pictures of a data set in different styles and strengths, and takes labels along. What an
/// earlier run has finished is not done again.
package final class AugmentJob: Sendable {
    package struct Summary: Sendable {
        /// Drawings made now, and those that were there.
        package var drawings = 0
        package var finishedBefore = 0
        /// Pictures that could not be drawn.
        package var failedPictures = 0
        package var wasStopped = false
    }

    /// Sentences worth knowing before the work begins.
    package let notes: [String]
    package let pictures: Int
    /// Drawings to be made now.
    package let expectedDrawings: Int

    let request: AugmentRequest
    private let choice: PresetLibrary.Choice
    let dataset: Dataset
    let plan: AugmentPlan
    let manifest: AugmentManifest
    let augmenter: PictureAugmenter
    private let isStopped = Atomic(false)
    private let chain = Mutex<StageChain?>(nil)
    let failures = Mutex<[Int: SakugaError]>([:])
    /// Styles that are in memory at once; more are drawn in several rounds over the pictures.
    private static let stylesAtOnce = 8

    /// Looks through the folder and decides on every output; nothing is written yet.
    ///
    /// - Throws: `.noInput` or `.data` for a folder without pictures, `.usage` for outputs that would meet, or that would
    ///   lie among the originals; `.cannotCreate` where an output is there that was not made with these options.
    package init(_ request: AugmentRequest, presets: PresetLibrary = PresetLibrary()) throws {
        self.request = request
        let (folder, output) = (Dataset.resolved(request.folder), Dataset.resolved(request.output))
        guard folder != output else {
            throw SakugaError(
                .usage, "the drawings cannot go into the folder '\(request.folder)' itself",
                hint: "name another with -o: the originals are never replaced")
        }
        choice = try presets.preset(named: request.preset)
        dataset = try Dataset(request)
        plan = try AugmentPlan(dataset, request, choice: choice)
        manifest = AugmentManifest(folder: request.output)
        let augmenter = PictureAugmenter(
            dataset, folder: request.output, manifest: manifest, overwrites: request.overwrites)
        self.augmenter = augmenter
        notes = dataset.notes
        pictures = plan.tasks.count
        expectedDrawings = plan.tasks.reduce(0) { $0 + $1.drawings.count { !augmenter.isDone($0) } }
        try checkOutputs()
    }

    /// Ends the run after the drawings in hand. Callable on any thread.
    package func stop() {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        chain.withLock { $0 }?.stop()
    }

    /// Takes away unfinished outputs: for a program that is about to quit. Callable on any thread.
    package func abandon() { augmenter.abandon() }

    /// Makes everything.
    ///
    /// - Parameters:
    ///   - tracker: counts drawings.
    ///   - warn: hears what went wrong with single pictures; called on any thread.
    /// - Throws: `.cannotCreate` and `.inputOutput` where outputs cannot be written, `.data` where no picture could be
    ///   drawn.
    package func run(tracker: ProgressTracker, warn: @escaping @Sendable (String) -> Void) throws -> Summary {
        try makeFolders()
        defer { removeEmptyFolders() }
        let made = Atomic(0)
        for (round, first) in stride(from: 0, to: request.variants, by: Self.stylesAtOnce).enumerated() {
            let styles = first..<min(first + Self.stylesAtOnce, request.variants)
            try draw(styles, isFirst: round == 0, warn) {
                made.add(1, ordering: .relaxed)
                tracker.completeFrame(mediaTime: 0)
            }
            if isStopping { break }
        }
        var summary = Summary()
        summary.drawings = made.load(ordering: .relaxed)
        summary.finishedBefore = plan.tasks.reduce(0) { $0 + $1.drawings.count } - expectedDrawings
        summary.failedPictures = failures.withLock { $0.count }
        summary.wasStopped = isStopping
        if !isStopping {
            guard summary.failedPictures < plan.tasks.count else {
                throw SakugaError(.data, "no picture in '\(request.folder)' could be drawn")
            }
            for entry in plan.carried + plan.documents {
                do {
                    try plan.documents.contains(entry) ? rewrite(entry, warn) : augmenter.copy(entry)
                } catch let error as SakugaError where !Self.endsTheRun(error) {
                    warn("'\(dataset.path(of: entry.source))' is passed over: \(error.message)")
                }
            }
        }
        try manifest.complete()
        return summary
    }

    /// Whether an error concerns the output as a whole, not one picture.
    private static func endsTheRun(_ error: SakugaError) -> Bool {
        [.inputOutput, .cannotCreate].contains(error.code)
    }

    private var isStopping: Bool { isStopped.load(ordering: .sequentiallyConsistent) }

    // MARK: Drawings

    /// Draws every picture in a few styles. Each picture is read once, by one of several workers.
    private func draw(
        _ styles: Range<Int>, isFirst: Bool, _ warn: @escaping @Sendable (String) -> Void,
        made: @escaping @Sendable () -> Void
    ) throws {
        let isNeeded = plan.tasks.contains { task in styles.contains { !augmenter.isDone(task.drawings[$0]) } }
        let generators = isNeeded ? try self.generators(styles) : []
        let chain = StageChain()
        self.chain.withLock { $0 = chain }
        if isStopping || isNeeded && generators.count < styles.count { return }
        let numbers = Mutex(plan.tasks.indices.makeIterator())
        let tasks = chain.source("list") { numbers.withLock { $0.next() } }
        let workers = generators.first.map { $0.concurrency + max(1, $0.concurrency / 2) } ?? 1
        let results = chain.parallelStage("draw", from: tasks, workers: workers) { [self] number in
            try draw(plan.tasks[number], number, styles, generators, isFirst: isFirst, warn, made: made)
        }
        chain.sink("end", from: results) { _ in }
        try chain.wait()
    }

    private func generators(_ styles: Range<Int>) throws -> [AnySizeGenerator] {
        var options = request.inference
        // As many networks of one preset would only push others out of the cache.
        options.cacheFolder = nil
        options.memoryLimit /= styles.count
        var generators: [AnySizeGenerator] = []
        for style in styles where !isStopping {
            generators.append(
                try AnySizeGenerator(
                    preset: choice.preset, size: choice.size.name, seed: request.seeds[style], options: options))
        }
        return generators
    }

    private func draw(
        _ task: AugmentPlan.Task, _ number: Int, _ styles: Range<Int>, _ generators: [AnySizeGenerator], isFirst: Bool,
        _ warn: (String) -> Void, made: () -> Void
    ) throws {
        guard failures.withLock({ $0[number] == nil }) else { return }
        do {
            let missing = styles.filter { !augmenter.isDone(task.drawings[$0]) }
            let work = missing.map { (entry: task.drawings[$0], generator: generators[$0 - styles.lowerBound]) }
            let damage = try augmenter.draw(task.picture, work, isStopped: { isStopping }) { _ in made() }
            if let damage { warn(damage) }
        } catch let error as SakugaError where !Self.endsTheRun(error) {
            failures.withLock { $0[number] = error }
            warn("'\(dataset.path(of: task.picture))' is skipped: \(error.message)")
            return
        }
        for style in styles where !isStopping {
            for entry in task.labels[style] { try augmenter.copy(entry) }
        }
        if isFirst { for entry in task.originals { try augmenter.copy(entry) } }
    }
}
