internal import Dispatch
internal import ServiceLifecycle

/// A service that is begun and ended by functions that block.
package struct BlockingService: Service {
    private let begin: @Sendable () -> Void
    private let end: @Sendable () -> Void

    package init(begin: @escaping @Sendable () -> Void = {}, end: @escaping @Sendable () -> Void) {
        (self.begin, self.end) = (begin, end)
    }

    package func run() async {
        begin()
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
