internal import Dispatch
package import Foundation
internal import Frames
internal import Inference
internal import Stylize
internal import Synchronization
internal import Work

/// Draws the items of a batch with several workers, each a process of its own: one that fails takes nothing with it.
package final class BatchRun: Sendable {
    package struct Settings: Sendable {
        package var executable: URL
        package var workers = 1
        package var overwrites = false
        /// New items are looked for until the batch is stopped.
        package var watches = false
        /// Seconds between two looks.
        package var pause = 2.0

        package init(executable: URL) { self.executable = executable }
    }

    private struct State {
        var queue: BatchQueue
        var isStopping = false
        var running: [ObjectIdentifier: WorkerProcess] = [:]
    }

    private let inputs: BatchInputs
    private let settings: Settings
    private let state: Mutex<State>
    private let report: @Sendable (BatchResult, _ over: Int, _ all: Int) -> Void

    /// - Parameter report: hears of every item that is over, and how many of how many are.
    package init(
        _ inputs: BatchInputs, _ settings: Settings,
        report: @escaping @Sendable (BatchResult, _ over: Int, _ all: Int) -> Void
    ) {
        (self.inputs, self.settings, self.report) = (inputs, settings, report)
        state = Mutex(State(queue: BatchQueue(workers: settings.workers)))
    }

    /// Ends the batch soon; films that are being drawn can be gone on with. Callable on any thread.
    package func stop() {
        let running = state.withLock { state in
            state.isStopping = true
            return Array(state.running.values)
        }
        running.forEach { $0.stop() }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Draws everything, and returns what became of each item, in their order.
    ///
    /// - Throws: what `BatchInputs` says about the arguments, before anything is drawn.
    package func run() throws -> [BatchResult] {
        var seen = Arrivals(isPatient: settings.watches)
        add(seen.ready(try inputs.items()))
        let ended = DispatchGroup()
        let isComplete = Mutex(!settings.watches)
        for number in 0..<settings.workers {
            ended.enter()
            let thread = Thread { [self] in
                work { isComplete.withLock { $0 } }
                ended.leave()
            }
            thread.name = "sakuga.batch.\(number)"
            thread.start()
        }
        while settings.watches, !isStopping {
            Thread.sleep(forTimeInterval: settings.pause)
            // A folder may be unreadable for a while; its files are taken when it comes back.
            if let items = try? inputs.items() { add(seen.ready(items)) }
        }
        isComplete.withLock { $0 = true }
        ended.wait()
        return state.withLock { state in
            state.queue.stop()
            return state.queue.results.compactMap { $0 }
        }
    }

    private func add(_ items: [BatchItem]) {
        for item in items {
            let skipped = state.withLock { state -> (BatchResult, Int, Int)? in
                state.queue.add(item)
                guard !settings.overwrites, FileManager.default.fileExists(atPath: item.output) else { return nil }
                let number = state.queue.results.count - 1
                state.queue.skip(number)
                return state.queue.results[number].map { ($0, state.queue.counts.over, state.queue.counts.all) }
            }
            if let skipped { report(skipped.0, skipped.1, skipped.2) }
        }
    }

    /// Takes one piece of work after the other.
    private func work(isComplete: () -> Bool) {
        while !isStopping {
            let task = state.withLock { $0.queue.next() }
            if let task {
                perform(task)
            } else {
                if isComplete(), state.withLock({ $0.queue.isOver }) { return }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    private func perform(_ task: BatchQueue.Task) {
        let process = WorkerProcess()
        let isRefused = state.withLock { state in
            if !state.isStopping { state.running[ObjectIdentifier(process)] = process }
            return state.isStopping
        }
        guard !isRefused else { return }
        let outcome: WorkerProcess.Outcome
        do {
            if let output = task.order.request.output {
                try FileManager.default.createDirectory(
                    atPath: (output as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            }
            var order = task.order
            let cores = ProcessInfo.processInfo.activeProcessorCount
            order.request.inference.threads = max(1, cores / settings.workers)
            outcome = try process.run(settings.executable, "render", order)
        } catch {
            outcome = .failed((error as? SakugaError)?.message ?? error.localizedDescription, isFinal: true)
        }
        let ended = state.withLock { state -> (BatchResult, Int, Int)? in
            state.running[ObjectIdentifier(process)] = nil
            return state.queue.end(task, outcome).map { ($0, state.queue.counts.over, state.queue.counts.all) }
        }
        if let ended { report(ended.0, ended.1, ended.2) }
    }
}

/// Which files may be taken: where a folder is watched, those that have stopped growing.
struct Arrivals {
    private let isPatient: Bool
    private var sizes: [String: (size: Int, changed: Date)] = [:]
    private var taken: Set<String> = []

    init(isPatient: Bool) { self.isPatient = isPatient }

    /// The items that were not taken before and do not grow; called now and then.
    mutating func ready(_ items: [BatchItem]) -> [BatchItem] {
        var ready: [BatchItem] = []
        for item in items where !taken.contains(item.output) {
            if isPatient {
                guard let facts = try? FileManager.default.attributesOfItem(atPath: item.input),
                    let size = facts[.size] as? Int, let changed = facts[.modificationDate] as? Date
                else { continue }
                let before = sizes.updateValue((size, changed), forKey: item.input)
                guard let before, before == (size, changed) else { continue }
            }
            taken.insert(item.output)
            ready.append(item)
        }
        return ready
    }
}
