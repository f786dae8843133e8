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

    /// Begins to listen. `handler` runs on a queue of its own, once.
    init(handler: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "sakuga.interrupt", qos: .userInteractive)
        state.withLock { state in
            state.sources = Self.signals.map { number in
                // A signal source sees signals only besides their normal action.
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { [weak self] in self?.receive(handler) }
                source.activate()
                return source
            }
        }
    }

    deinit {
        state.withLock { $0.sources.forEach { $0.cancel() } }
        for number in Self.signals { signal(number, SIG_DFL) }
    }

    /// Whether the user has asked to stop.
    var isRequested: Bool { state.withLock { $0.count > 0 } }

    private func receive(_ handler: () -> Void) {
        let count = state.withLock { state in
            state.count += 1
            return state.count
        }
        guard count == 1 else {
            // Not exit(3): its handlers would wait for work that may be what hangs.
            _exit(130)
        }
        handler()
    }
}
