internal import Dispatch
internal import Synchronization

/// Inference requests that wait for work. A caller takes one, waiting where all are busy, and it comes back afterwards.
final class RequestPool: Sendable {
    /// Memory that goes with a request, for what cannot be read or written in place.
    final class Scratch {
        /// How many bytes there are of each kind; none is allocated where it is 0.
        struct Size {
            var pictureSize = 0
            var drawingSize = 0
            var sumSize = 0
        }

        private let memory: [UnsafeMutableRawPointer]

        init(_ size: Size) {
            memory = [size.pictureSize, size.drawingSize, size.sumSize].map { count in
                let pointer = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
                pointer.initializeMemory(as: UInt8.self, repeating: 0, count: count)
                return pointer
            }
        }

        deinit {
            for pointer in memory { pointer.deallocate() }
        }

        /// A tile on its way in, in levels.
        var picture: UnsafeMutablePointer<UInt8> { memory[0].assumingMemoryBound(to: UInt8.self) }
        /// A network's drawing as levels.
        var levels: UnsafeMutablePointer<UInt8> { memory[1].assumingMemoryBound(to: UInt8.self) }
        /// A network's drawing as numbers, in the same memory as `levels`.
        var drawing: UnsafeMutablePointer<Float> { memory[1].assumingMemoryBound(to: Float.self) }
        /// Sums over tiles.
        var sums: UnsafeMutablePointer<Float> { memory[2].assumingMemoryBound(to: Float.self) }
    }

    private let idle: Mutex<[Idle]>
    private let available: DispatchSemaphore

    private struct Idle: @unchecked Sendable {
        // @unchecked Sendable: a request in the list is used by nobody; taking it out hands it to one thread.
        let request: InferenceRequest
        let scratch: Scratch
    }

    /// Makes `count` requests, each with its scratch memory.
    init(_ network: CompiledNetwork, count: Int, scratch: Scratch.Size = .init()) throws {
        let requests = try (0..<count).map { _ in
            Idle(request: try network.makeRequest(), scratch: Scratch(scratch))
        }
        idle = Mutex(requests)
        // The semaphore starts at 0 and is raised: one that is freed below its first value aborts.
        available = DispatchSemaphore(value: 0)
        for _ in 0..<count { available.signal() }
    }

    /// Runs `body` with a request that nobody else has. Callable on any thread.
    func withRequest<Result>(_ body: (InferenceRequest, Scratch) throws -> Result) rethrows -> Result {
        available.wait()
        let taken = idle.withLock { $0.removeLast() }
        defer {
            idle.withLock { $0.append(taken) }
            available.signal()
        }
        return try body(taken.request, taken.scratch)
    }
}
