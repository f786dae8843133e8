internal import Dispatch
internal import Synchronization

/// Inference requests that wait for work. A caller takes one, waiting where all are busy, and it comes back afterwards.
final class RequestPool: Sendable {
    let count: Int
    private let idle: Mutex<[Idle]>
    private let available: DispatchSemaphore

    private struct Idle: @unchecked Sendable {
        // @unchecked Sendable: a request in the list is used by nobody; taking it out hands it to one thread.
        let request: InferenceRequest
    }

    init(_ network: CompiledNetwork, count: Int) throws {
        let requests = try (0..<count).map { _ in Idle(request: try network.makeRequest()) }
        self.count = count
        idle = Mutex(requests)
        // The semaphore starts at 0 and is raised: one that is freed below its first value aborts.
        available = DispatchSemaphore(value: 0)
        for _ in 0..<count { available.signal() }
    }

    /// Runs `body` with a request that nobody else has. Callable on any thread.
    func withRequest<Result>(_ body: (InferenceRequest) throws -> Result) rethrows -> Result {
        available.wait()
        let taken = idle.withLock { $0.removeLast() }
        defer {
            idle.withLock { $0.append(taken) }
            available.signal()
        }
        return try body(taken.request)
    }
}
