internal import Dispatch
internal import ServiceLifecycle

/// A service that is ended by a function that blocks.
package struct BlockingService: Service {
    private let end: @Sendable () -> Void

    package init(end: @escaping @Sendable () -> Void) { self.end = end }

    package func run() async {
        // Ended in either case, by a shutdown or by a cancellation.
        try? await gracefulShutdown()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                end()
                continuation.resume()
            }
        }
    }
}
