import Dispatch
import Foundation
import Synchronization

/// Turns SIGINT (Ctrl-C) and SIGTERM into a request to stop: the first calls a handler, the second quits at once with
/// exit code 130. While none exists, a signal ends the process. Ask `isRequested` after the work, which also keeps the
/// interrupt until then.
final class Interrupt: Sendable {
    private let count = Atomic(0)
    private let stopping = DispatchQueue(label: "sakuga.stop", qos: .userInteractive)
    private let handler: @Sendable () -> Void
    private let cleaning: (@Sendable () -> Void)?

    /// Begins to listen.
    /// - Parameters:
    ///   - handler: asks the work to stop. Runs once, on a queue of its own, and may block: a second signal quits even so.
    ///   - cleaning: runs just before the second signal quits, to take away what would be left half done.
    init(handler: @escaping @Sendable () -> Void, cleaning: (@Sendable () -> Void)? = nil) {
        self.handler = handler
        self.cleaning = cleaning
        SignalListener.shared.add(ObjectIdentifier(self)) { [weak self] in self?.receive() }
    }

    deinit {
        SignalListener.shared.remove(ObjectIdentifier(self))
    }

    /// Whether the user has asked to stop.
    var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    private func receive() {
        if count.add(1, ordering: .relaxed).newValue == 1 {
            stopping.async(execute: handler)
        } else {
            cleaning?()
            // Not exit(3): its handlers would wait for work that may be what hangs.
            _exit(130)
        }
    }
}

/// Hears the signals of the process, from the first interrupt on until the end, and tells the newest interrupt.
///
/// It never stops listening: on Linux, Dispatch puts a handler of its own in the place of a signal's action, and taking a
/// source away is neither immediate nor does it bring the action back.
private final class SignalListener: Sendable {
    private struct State {
        var listeners: [(id: ObjectIdentifier, notify: @Sendable () -> Void)] = []
        var sources: [any DispatchSourceSignal] = []
    }

    static let shared = SignalListener()
    private let state = Mutex(State())

    private init() {
        let queue = DispatchQueue(label: "sakuga.interrupt", qos: .userInteractive)
        let registration = DispatchGroup()
        state.withLock { state in
            state.sources = [SIGINT, SIGTERM].map { number in
                #if !os(Linux)
                    // Kernel queues see signals besides their normal action.
                    signal(number, SIG_IGN)
                #endif
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { [weak self] in self?.receive(number) }
                source.setRegistrationHandler { registration.leave() }
                registration.enter()
                source.activate()
                return source
            }
        }
        // No signal after this may be missed.
        registration.wait()
    }

    func add(_ id: ObjectIdentifier, _ notify: @escaping @Sendable () -> Void) {
        state.withLock { $0.listeners.append((id, notify)) }
    }

    func remove(_ id: ObjectIdentifier) {
        state.withLock { $0.listeners.removeAll { $0.id == id } }
    }

    private func receive(_ number: Int32) {
        guard let notify = state.withLock({ $0.listeners.last?.notify }) else {
            // What the shell reports for a program that the signal ended.
            _exit(128 + number)
        }
        notify()
    }
}
