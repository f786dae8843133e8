import Foundation
import Frames
import Synchronization
import Testing

@testable import Pipeline

/// A source that counts from 0 up to `end`.
private func counting(to end: Int) -> () throws -> Int? {
    var next = 0
    return {
        defer { next += 1 }
        return next < end ? next : nil
    }
}

/// Keeps what reached the sink.
private final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    var all: [Element] { elements.withLock { $0 } }
    func append(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// Counts how many elements are under way, and the most there ever were.
private final class Gauge: Sendable {
    private let counts = Mutex((now: 0, peak: 0))
    var peak: Int { counts.withLock { $0.peak } }

    func enter() {
        counts.withLock {
            $0.now += 1
            $0.peak = max($0.peak, $0.now)
        }
    }

    func leave() { counts.withLock { $0.now -= 1 } }
}

/// Something that, like a decoder, must stay on one thread.
private final class Confined {
    private var thread: pthread_t?
    private(set) var uses = 0
    /// Told at the end whether it was the thread that used it.
    private let onDeinit: (Bool) -> Void

    init(onDeinit: @escaping (Bool) -> Void) { self.onDeinit = onDeinit }

    func use() {
        #expect(thread == nil || thread == pthread_self())
        thread = pthread_self()
        uses += 1
    }

    deinit { onDeinit(thread == pthread_self()) }
}

private let failure = SakugaError(.inputOutput, "cannot write 'out.mp4': no space left on device")

@Suite("Stage chain", .timeLimit(.minutes(10)))
struct StageChainTests {
    @Test("every source element reaches the sink, in order, under random delays", arguments: [1, 2, 5, 16])
    func orderUnderDelays(workers: Int) throws {
        let chain = StageChain()
        let collected = Collected<Int>()
        let numbers = chain.source("decode", counting(to: 300))
        let squares = chain.parallelStage("generate", from: numbers, workers: workers) { number in
            usleep(UInt32.random(in: 0...2_000))
            return number * number
        }
        let negated = chain.stage("smooth", from: squares) { -$0 }
        chain.sink("encode", from: negated) { if let number = $0 { collected.append(number) } }
        try chain.wait()
        #expect(collected.all == (0..<300).map { -$0 * $0 })
    }

    @Test("an empty source ends the chain and completes the output once")
    func emptySource() throws {
        let chain = StageChain()
        let ends = Atomic(0)
        let numbers = chain.source("decode", counting(to: 0))
        let same = chain.parallelStage("generate", from: numbers, workers: 3) { $0 }
        chain.sink("encode", from: same) { number in
            #expect(number == nil)
            ends.add(1, ordering: .relaxed)
        }
        let timings = try chain.wait()
        let count = ends.load(ordering: .relaxed)
        #expect(count == 1)
        #expect(timings.stages.map(\.items) == [0, 0, 0])
    }

    @Test("ten thousand elements pass five stages quickly")
    func throughput() throws {
        let chain = StageChain()
        let numbers = chain.source("decode", counting(to: 10_000))
        let one = chain.stage("convert", from: numbers) { $0 + 1 }
        let two = chain.parallelStage("generate", from: one, workers: 4) { $0 + 1 }
        let three = chain.expandingStage("smooth", from: two) { number, emit in
            if let number { try emit(number) }
        }
        var sum = 0
        let total = Mutex(0)
        chain.sink("encode", from: three) { number in
            if let number { sum += number } else { total.withLock { [sum] in $0 = sum } }
        }
        let timings = try chain.wait()
        let result = total.withLock { $0 }
        #expect(result == (0..<10_000).reduce(0) { $0 + $1 + 2 })
        #expect(timings.stages.allSatisfy { $0.items == 10_000 })
        #expect(timings.wall < .seconds(20))
    }

    @Test("a stage may make none or several of one, and flush at the end")
    func expanding() throws {
        let chain = StageChain()
        let collected = Collected<Int>()
        let numbers = chain.source("decode", counting(to: 5))
        // Keeps one back, as a deinterlacer does, and sends each `number` times.
        var held: Int?
        let expanded = chain.expandingStage("filter", from: numbers) { (number: Int?, emit: (Int) throws -> Void) in
            if let previous = held { for _ in 0..<previous { try emit(previous) } }
            held = number
        }
        chain.sink("encode", from: expanded) { if let number = $0 { collected.append(number) } }
        try chain.wait()
        #expect(collected.all == [1, 2, 2, 3, 3, 3, 4, 4, 4, 4])
    }

    @Test("elements in hand are bounded while the sink is slow", arguments: [1, 4])
    func boundedInFlight(workers: Int) throws {
        let chain = StageChain()
        let gauge = Gauge()
        let next = counting(to: 200)
        let numbers = chain.source("decode", capacity: 2) { () -> Int? in
            guard let number = try next() else { return nil }
            gauge.enter()
            return number
        }
        let drawn = chain.parallelStage("generate", from: numbers, workers: workers, capacity: 2) { number in
            // Now and then a slow one, behind which the others must not pile up.
            if number % 50 == 0 { usleep(20_000) }
            return number
        }
        chain.sink("encode", from: drawn) { number in
            usleep(300)
            if number != nil { gauge.leave() }
        }
        try chain.wait()
        // One in the source, two in its channel, workers + 2 in the stage, two in its channel, one in the sink.
        #expect(gauge.peak <= 1 + 2 + workers + 2 + 2 + 1)
    }

    @Test("stop ends the input, finishes what is in hand and completes the output")
    func stopDrains() throws {
        let chain = StageChain()
        let collected = Collected<Int>()
        let made = Atomic(0)
        let completed = Atomic(false)
        let numbers = chain.source("decode") { () -> Int? in made.add(1, ordering: .relaxed).newValue - 1 }
        let drawn = chain.parallelStage("generate", from: numbers, workers: 3) { number in
            usleep(500)
            return number
        }
        chain.sink("encode", from: drawn) { number in
            guard let number else { return completed.store(true, ordering: .relaxed) }
            collected.append(number)
            if number == 20 { chain.stop() }
        }
        try chain.wait()
        #expect(chain.isStopping)
        let isCompleted = completed.load(ordering: .relaxed)
        #expect(isCompleted)
        let sourced = made.load(ordering: .relaxed)
        #expect(collected.all == Array(0..<sourced))
        #expect(collected.all.count > 20)
    }

    @Test("what a stage captured is used and let go on that stage's thread, before wait returns")
    func confinement() throws {
        let chain = StageChain()
        let gone = Collected<Bool>()
        // The stages begin when the function has returned, so that only they hold the decoder and the encoder.
        let gate = DispatchSemaphore(value: 0)
        func compose() {
            let decoder = Confined { gone.append($0) }
            let numbers = chain.source("decode") { () -> Int? in
                if decoder.uses == 0 { gate.wait() }
                decoder.use()
                return decoder.uses <= 10 ? decoder.uses : nil
            }
            let encoder = Confined { gone.append($0) }
            chain.sink("encode", from: numbers) { _ in encoder.use() }
        }
        compose()
        gate.signal()
        try chain.wait()
        #expect(gone.all == [true, true])
    }

    @Test("an abandoned chain leaves no stage waiting")
    func abandoned() async throws {
        let gone = Collected<Bool>()
        do {
            let chain = StageChain()
            let decoder = Confined { gone.append($0) }
            _ = chain.source("decode") { () -> Int? in
                decoder.use()
                return 1
            }
        }
        while gone.all.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        #expect(gone.all == [true])
    }

    #if os(Linux)
        @Test("threads are not left behind by many chains")
        func noThreadLeak() throws {
            func threadCount() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
            }
            func runOnce() throws {
                let chain = StageChain()
                let numbers = chain.source("decode", counting(to: 3))
                let drawn = chain.parallelStage("generate", from: numbers, workers: 4) { $0 }
                chain.sink("encode", from: drawn) { _ in }
                try chain.wait()
            }
            for _ in 0..<20 { try runOnce() }
            let before = try threadCount()
            for _ in 0..<200 { try runOnce() }
            // Other tests run at the same time, so a few more are no leak; one chain more would be 1,200.
            #expect(try threadCount() < before + 100)
        }
    #endif
}

@Suite("Stage chain failures", .timeLimit(.minutes(10)))
struct StageChainFailureTests {
    enum Place: String, CaseIterable { case source, stage, expanding, worker, sink, completion }

    @Test("a failure anywhere ends everything promptly with the first cause", arguments: Place.allCases)
    func firstCause(place: Place) throws {
        let chain = StageChain()
        let completed = Atomic(false)
        @Sendable func fail(_ here: Place, at number: Int?) throws {
            if here == place && number == 40 { throw failure }
        }
        // Endless, so that only the failure can end it (except where completion is to fail).
        let next = counting(to: place == .completion ? 60 : .max)
        let numbers = chain.source("decode") { () -> Int? in
            let number = try next()
            try fail(.source, at: number)
            return number
        }
        let converted = chain.stage("convert", from: numbers) { number in
            try fail(.stage, at: number)
            return number
        }
        let expanded = chain.expandingStage("filter", from: converted) { (number: Int?, emit: (Int) throws -> Void) in
            try fail(.expanding, at: number)
            if let number { try emit(number) }
        }
        let drawn = chain.parallelStage("generate", from: expanded, workers: 4) { number in
            try fail(.worker, at: number)
            return number
        }
        chain.sink("encode", from: drawn) { number in
            try fail(.sink, at: number)
            if number == nil {
                completed.store(true, ordering: .relaxed)
                try fail(.completion, at: 40)
            }
        }
        let start = ContinuousClock.now
        #expect(throws: failure) { try chain.wait() }
        #expect(ContinuousClock.now - start < .seconds(5))
        let isCompleted = completed.load(ordering: .relaxed)
        #expect(isCompleted == (place == .completion))
    }

    @Test("the first of several failures is reported")
    func firstOfSeveral() throws {
        let chain = StageChain()
        let numbers = chain.source("decode", counting(to: .max))
        let drawn = chain.parallelStage("generate", from: numbers, workers: 8) { (number: Int) -> Int in
            usleep(1_000)
            if number == 5 { throw failure }
            // Fail because the chain was cancelled: an aftermath, not a cause.
            if number > 5 {
                usleep(50_000)
                throw SakugaError(.software, "too late")
            }
            return number
        }
        chain.sink("encode", from: drawn) { _ in }
        #expect(throws: failure) { try chain.wait() }
        #expect(throws: failure) { try chain.wait() }
    }

    @Test("cancel ends a chain whose sink is waiting")
    func cancelFromOutside() throws {
        let chain = StageChain()
        let gate = BoundedChannel<Int>(capacity: 1)
        let numbers = chain.source("decode") { () -> Int? in gate.receive() }
        chain.sink("encode", from: numbers) { _ in Issue.record("a cancelled sink is not completed") }
        chain.cancel(with: failure)
        gate.close()
        #expect(throws: failure) { try chain.wait() }
    }

    @Test("a stage added after the failure ends at once")
    func addedLate() throws {
        let chain = StageChain()
        let numbers = chain.source("decode") { () -> Int? in throw failure }
        usleep(20_000)
        let drawn = chain.parallelStage("generate", from: numbers, workers: 2) { $0 }
        chain.sink("encode", from: drawn) { _ in Issue.record("nothing may arrive") }
        #expect(throws: failure) { try chain.wait() }
    }
}

@Suite("Stage timings", .timeLimit(.minutes(10)))
struct StageTimingsTests {
    @Test("busy, waiting and processor time are told apart")
    func accounting() throws {
        let chain = StageChain()
        let numbers = chain.source("decode", counting(to: 10))
        let drawn = chain.stage("generate", from: numbers) { number in
            usleep(10_000)
            return number
        }
        chain.sink("encode", from: drawn) { _ in
            // Burn processor time instead of sleeping.
            let start = SystemClock.thread()
            while SystemClock.thread() - start < .milliseconds(5) {}
        }
        let timings = try chain.wait()
        let generate = try #require(timings["generate"])
        let encode = try #require(timings["encode"])
        #expect(timings.stages.map(\.name) == ["decode", "generate", "encode"])
        #expect(generate.busy >= .milliseconds(100))
        #expect(generate.processor < .milliseconds(50))
        #expect(generate.millisecondsPerItem >= 10)
        #expect(encode.processor >= .milliseconds(55))
        #expect(encode.busy >= .milliseconds(55))
        // How long it waits depends on what else the machine does.
        #expect(encode.starved > .zero)
        #expect(timings.wall >= .milliseconds(105))
        #expect(timings.processor >= .milliseconds(55))
        #expect(chain.timings == timings)
    }
}
