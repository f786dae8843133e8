internal import Frames
internal import Media
internal import Synchronization

/// The outputs of a run, each with a thread of its own. A recording may join and leave while the run goes on.
final class LiveOutputs: Sendable {
    private struct Entry: Sendable {
        let output: LiveOutput
        let sink: LiveSink
    }

    private struct State {
        var entries: [Entry] = []
        var count = 0
    }

    private let state = Mutex(State())
    private let statistics: LiveStatistics
    private let source: LiveSource
    /// Hears of an output that fails while the run goes on, on the output's thread.
    private let failed: Failed

    /// Hears the output's name, why it failed, and whether it was the last one.
    typealias Failed = @Sendable (String, any Error, Bool) -> Void

    init(_ source: LiveSource, _ statistics: LiveStatistics, failed: @escaping Failed) {
        (self.source, self.statistics, self.failed) = (source, statistics, failed)
    }

    /// Begins to write to an open output.
    func add(_ output: LiveOutput) {
        state.withLock { state in
            let sink = LiveSink(
                output.name, number: state.count, statistics: statistics, write: output.write, finish: output.finish,
                failed: { [self] error in failed(output.name, error, haveAllFailed) })
            state.count += 1
            state.entries.append(Entry(output: output, sink: sink))
        }
        source.tee.add(output.writer)
    }

    private var haveAllFailed: Bool { state.withLock { $0.entries.allSatisfy(\.sink.hasFailed) } }

    func put(_ frame: LiveFrame) {
        for entry in state.withLock({ $0.entries }) { entry.sink.put(frame) }
    }

    /// Completes an output and returns the name of the finished file; nil for what is none. Waits for it.
    ///
    /// - Throws: what ended it before its time.
    func finish(_ output: LiveOutput, event: (LiveJob.Event) -> Void) throws -> String? {
        let entry = state.withLock { state in
            let index = state.entries.firstIndex { $0.output === output }
            return index.map { state.entries.remove(at: $0) }
        }
        guard let entry else { return nil }
        source.tee.remove(output.writer)
        entry.sink.close()
        // A peer that takes nothing must not keep the others from being completed.
        guard entry.sink.wait(seconds: 10) else {
            event(.warning("'\(output.name)' takes no more data and is given up"))
            return nil
        }
        guard let error = entry.sink.error else { return try output.publish() }
        if let kept = try output.keep() {
            event(.warning("what was recorded until then is in '\(kept)'"))
        }
        throw error
    }

    /// Completes all outputs, and returns the files; the first error is that of the first output that failed.
    func finishAll(event: (LiveJob.Event) -> Void) -> (files: [String], error: (any Error)?) {
        let entries = state.withLock { $0.entries }
        for entry in entries { entry.sink.close() }
        var result: (files: [String], error: (any Error)?) = ([], nil)
        for entry in entries {
            do {
                if let file = try finish(entry.output, event: event) { result.files.append(file) }
            } catch {
                result.error = result.error ?? error
            }
        }
        return result
    }

    /// Takes away unfinished files.
    func discardAll() {
        for entry in state.withLock({ $0.entries }) { entry.output.discard() }
    }
}
