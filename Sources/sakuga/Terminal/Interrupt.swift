import Dispatch
import Foundation
import Synchronization

/// Turns SIGINT (Ctrl-C) and SIGTERM into a request to stop: the first calls a handler, the second quits at once with
/// exit code 130. When it is let go, and before, the signals end the process as usual: ask `isRequested` after the work,
/// which also keeps it until then.
final class Interrupt: Sendable {
    private struct State {
        var count = 0
        var sources: [any DispatchSourceSignal] = []
    }

    private static let signals = [SIGINT, SIGTERM]
    private let state = Mutex(State())
    private let stopping = DispatchQueue(label: "sakuga.stop", qos: .userInteractive)

    /// Begins to listen.
    /// - Parameters:
    ///   - handler: asks the work to stop. Runs once, on a queue of its own, and may block: a second signal quits even so.
    ///   - cleaning: runs just before the second signal quits, to take away what would be left half done.
    init(handler: @escaping @Sendable () -> Void, cleaning: (@Sendable () -> Void)? = nil) {
        let queue = DispatchQueue(label: "sakuga.interrupt", qos: .userInteractive)
        let registration = DispatchGroup()
        state.withLock { state in
            state.sources = Self.signals.map { number in
                #if !os(Linux)
                    // Kernel queues see signals besides their normal action; on Linux, Dispatch replaces it itself.
                    signal(number, SIG_IGN)
                #endif
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { [weak self] in self?.receive(handler, cleaning) }
                source.setRegistrationHandler { registration.leave() }
                registration.enter()
                source.activate()
                return source
            }
        }
        // No signal after this may be missed.
        registration.wait()
    }

    deinit {
        state.withLock { $0.sources.forEach { $0.cancel() } }
        for number in Self.signals { signal(number, SIG_DFL) }
    }

    /// Whether the user has asked to stop.
    var isRequested: Bool { state.withLock { $0.count > 0 } }

    private func receive(_ handler: @escaping @Sendable () -> Void, _ cleaning: (@Sendable () -> Void)?) {
        let count = state.withLock { state in
            state.count += 1
            return state.count
        }
        if count == 1 {
            stopping.async(execute: handler)
        } else {
            cleaning?()
            // Not exit(3): its handlers would wait for work that may be what hangs.
            _exit(130)
        }
    }
}
