/// Stages that work at the same time, each on a thread of its own, joined by bounded channels.
///
/// A stage starts as soon as it is added. It ends when its input has ended; then the next one ends, and so on to the
/// sink. The first error ends the whole chain: channels are closed, every stage returns after the element it has in
/// hand, and `wait` throws that error. A body may capture things that are not Sendable (a decoder, an encoder): they are
/// used on that stage's thread only, and let go there when the stage ends, unless whoever added it still holds them.
///
///     let chain = StageChain()
///     let decoded = chain.source("decode") { try decoder.nextFrame() }
///     let drawn = chain.parallelStage("generate", from: decoded, workers: 2) { try draw($0) }
///     chain.sink("encode", from: drawn) { frame in
///         if let frame { try encoder.write(frame) } else { try encoder.finish() }
///     }
///     try chain.wait()
package final class StageChain: Sendable {
    private let run = StageRun()
    private let label: String

    /// Makes an empty chain. Queues are labelled `LABEL.STAGE`.
    package init(label: String = "sakuga") {
        self.label = label
    }

    deinit {
        // A chain that was abandoned half built must not leave threads waiting for ever.
        run.cancel(with: CancellationError())
    }

    /// Adds a stage that makes elements until `body` returns nil or the chain is stopped.
    package func source<Out: Sendable>(
        _ name: String, capacity: Int = 3, _ body: sending @escaping () throws -> Out?
    ) -> BoundedChannel<Out> {
        let output: BoundedChannel<Out> = makeChannel(capacity: capacity)
        let clock = run.makeClock(name: name, workers: 1)
        let handover = Handover(body)
        start(name) { [run] in
            let body = handover.take()
            var lap = StageLap()
            while !run.isStopping, let element = try body() {
                lap.endWork()
                guard output.send(element) else { return }
                lap.endWaitForRoom()
                lap.countItem()
                lap.report(to: clock)
            }
            output.finish()
        }
        return output
    }

    /// Adds a stage that makes one element of each.
    package func stage<In: Sendable, Out: Sendable>(
        _ name: String, from input: BoundedChannel<In>, capacity: Int = 3,
        _ body: sending @escaping (In) throws -> Out
    ) -> BoundedChannel<Out> {
        let output: BoundedChannel<Out> = makeChannel(capacity: capacity)
        let clock = run.makeClock(name: name, workers: 1)
        let handover = Handover(body)
        start(name) { [run] in
            let body = handover.take()
            var lap = StageLap()
            while let element = input.receive() {
                lap.endWaitForInput()
                let result = try body(element)
                lap.endWork()
                guard output.send(result) else { return }
                lap.endWaitForRoom()
                lap.countItem()
                lap.report(to: clock)
            }
            if !run.isCancelled { output.finish() }
        }
        return output
    }

    /// Adds a stage that makes any number of elements of each, sent by calling `emit`. After the last element `body` is
    /// called once more with nil, to send on what it has kept back (not when the chain is cancelled). `emit` throws
    /// when the chain is cancelled; let that error through.
    package func expandingStage<In: Sendable, Out: Sendable>(
        _ name: String, from input: BoundedChannel<In>, capacity: Int = 3,
        _ body: sending @escaping (In?, _ emit: (Out) throws -> Void) throws -> Void
    ) -> BoundedChannel<Out> {
        let output: BoundedChannel<Out> = makeChannel(capacity: capacity)
        let clock = run.makeClock(name: name, workers: 1)
        let handover = Handover(body)
        start(name) { [run] in
            let body = handover.take()
            var lap = StageLap()
            func emit(_ result: Out) throws {
                lap.endWork()
                guard output.send(result) else { throw CancellationError() }
                lap.endWaitForRoom()
                lap.countItem()
            }
            while let element = input.receive() {
                lap.endWaitForInput()
                try body(element, emit)
                lap.endWork()
                lap.report(to: clock)
            }
            guard !run.isCancelled else { return }
            lap.endWaitForInput()
            try body(nil, emit)
            lap.endWork()
            lap.report(to: clock)
            output.finish()
        }
        return output
    }

    /// Adds a stage whose elements are worked on by several threads at once; results leave in the order of the inputs.
    /// At most `workers + capacity` elements are in hand, besides those in the channel behind it.
    package func parallelStage<In: Sendable, Out: Sendable>(
        _ name: String, from input: BoundedChannel<In>, workers: Int, capacity: Int = 2,
        _ body: @escaping @Sendable (In) throws -> Out
    ) -> BoundedChannel<Out> {
        precondition(workers > 0)
        let output: BoundedChannel<Out> = makeChannel(capacity: capacity)
        let merge = OrderedMerge(limit: workers + capacity, into: output)
        run.onCancel { merge.close() }
        let clock = run.makeClock(name: name, workers: workers)
        let working = WorkerCount(workers)
        for worker in 0..<workers {
            start("\(name).\(worker)") { [run] in
                var lap = StageLap()
                while merge.reserve() {
                    lap.endWaitForRoom()
                    guard let (number, element) = input.receiveNumbered() else { break }
                    lap.endWaitForInput()
                    let result = try body(element)
                    lap.endWork()
                    guard merge.deliver(result, number: number) else { return }
                    lap.endWaitForRoom()
                    lap.countItem()
                    lap.report(to: clock)
                }
                if working.leave() && !run.isCancelled { output.finish() }
            }
        }
        return output
    }

    /// Adds the last stage. After the last element `body` is called once more with nil, to complete the output (not when
    /// the chain is cancelled).
    package func sink<In: Sendable>(
        _ name: String, from input: BoundedChannel<In>, _ body: sending @escaping (In?) throws -> Void
    ) {
        let clock = run.makeClock(name: name, workers: 1)
        let handover = Handover(body)
        start(name) { [run] in
            let body = handover.take()
            var lap = StageLap()
            while let element = input.receive() {
                lap.endWaitForInput()
                try body(element)
                lap.endWork()
                lap.countItem()
                lap.report(to: clock)
            }
            guard !run.isCancelled else { return }
            lap.endWaitForInput()
            try body(nil)
            lap.endWork()
            lap.report(to: clock)
        }
    }

    /// Waits until every stage has ended; never call it on a stage's own thread.
    /// - Throws: the first error that any stage threw, or that `cancel(with:)` was given.
    @discardableResult
    package func wait() throws -> StageTimings {
        try run.wait()
        return run.timings
    }

    /// Ends the input here: sources make nothing more, and what is in hand is finished. `wait` then returns as if the
    /// input had ended. Callable on any thread.
    package func stop() { run.stop() }

    /// Whether `stop` was called.
    package var isStopping: Bool { run.isStopping }

    /// Ends all stages at once, dropping what is in hand; `wait` throws `error` unless an earlier one came first.
    /// Callable on any thread.
    package func cancel(with error: any Error) { run.cancel(with: error) }

    /// Registers how to end a wait that a stage's body may be in when another stage fails or the chain is cancelled; called
    /// at once where that has happened already.
    package func onCancel(_ end: @escaping @Sendable () -> Void) { run.onCancel(end) }

    /// Where the time has gone so far. Callable on any thread, also while the chain runs.
    package var timings: StageTimings { run.timings }

    private func makeChannel<Element: Sendable>(capacity: Int) -> BoundedChannel<Element> {
        let channel = BoundedChannel<Element>(capacity: capacity)
        run.onCancel { channel.close() }
        return channel
    }

    private func start(_ name: String, _ work: @escaping @Sendable () throws -> Void) {
        run.start(label: "\(label).\(name)", work)
    }
}
