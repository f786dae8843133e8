internal import Dispatch
internal import Synchronization

/// Inference requests that wait for work. A caller takes one, waiting where all are busy, and it comes back afterwards.
final class RequestPool: Sendable {
    /// Memory that goes with a request, for what cannot be read or written in place.
    final class Scratch {
        let input: UnsafeMutablePointer<UInt8>
        let output: UnsafeMutablePointer<UInt8>

        /// Allocates `size` bytes for each of the two.
        init(size: Int) {
            func allocate() -> UnsafeMutablePointer<UInt8> {
                UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64).assumingMemoryBound(to: UInt8.self)
            }
            input = allocate()
            output = allocate()
        }

        deinit {
            input.deallocate()
            output.deallocate()
        }
    }

    private let idle: Mutex<[Idle]>
    private let available: DispatchSemaphore

    private struct Idle: @unchecked Sendable {
        // @unchecked Sendable: a request in the list is used by nobody; taking it out hands it to one thread.
        let request: InferenceRequest
        let scratch: Scratch?
    }

    /// Makes `count` requests, each with scratch memory of `scratchSize` bytes; none where that is 0.
    init(_ network: CompiledNetwork, count: Int, scratchSize: Int = 0) throws {
        let requests = try (0..<count).map { _ in
            Idle(request: try network.makeRequest(), scratch: scratchSize > 0 ? Scratch(size: scratchSize) : nil)
        }
        idle = Mutex(requests)
        // The semaphore starts at 0 and is raised: one that is freed below its first value aborts.
        available = DispatchSemaphore(value: 0)
        for _ in 0..<count { available.signal() }
    }

    /// Runs `body` with a request that nobody else has. Callable on any thread.
    func withRequest<Result>(_ body: (InferenceRequest, Scratch?) throws -> Result) rethrows -> Result {
        available.wait()
        let taken = idle.withLock { $0.removeLast() }
        defer {
            idle.withLock { $0.append(taken) }
            available.signal()
        }
        return try body(taken.request, taken.scratch)
    }
}
