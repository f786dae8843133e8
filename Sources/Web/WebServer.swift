internal import Foundation
internal import Dispatch
internal import Frames
package import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Synchronization

/// A listening HTTP server, to be started and stopped by code that does not wait for anything.
package final class WebServer: Sendable {
    /// Where it listens: with the port that the system chose where 0 was asked for.
    package let address: ListenAddress
    private let task: Task<Void, Never>

    /// Connections at a time; more wait until one ends.
    private static let mostConnections = 1024

    /// Begins to listen.
    ///
    /// - Throws: `.unavailable` where the address cannot be listened on.
    package init<Context: RequestContext>(_ address: ListenAddress, router: Router<Context>) throws
    where Context.Source == ApplicationRequestContextSource {
        Self.allowFiles()
        let start = Start()
        var logger = Logger(label: "sakuga")
        logger.logLevel = .critical
        let application = Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [RequestDeadline()],
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
            configuration: .init(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
            onServerRunning: { channel in start.set(.success(channel.localAddress?.port ?? address.port)) },
            logger: logger)
        task = Task {
            do { try await application.run() } catch { start.set(.failure(error)) }
        }
        do {
            self.address = ListenAddress(host: address.host, port: try start.wait())
        } catch {
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)).lowercased() } ?? "\(error)"
            throw SakugaError(
                .unavailable, "cannot listen on \(address.authority): \(reason)",
                hint: "another program may use the port: choose another one, or 0 for any that is free")
        }
    }

    /// Has the system allow as many open files as connections and all else need, as far as it does.
    private static func allowFiles() {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(4 * mostConnections)))
        setrlimit(files, &limit)
    }

    deinit { task.cancel() }

    /// Stops listening and ends all connections.
    package func stop() { task.cancel() }
}

/// The port on which a server has begun to listen, or why it has not.
private final class Start: Sendable {
    private let outcome = Mutex<Result<Int, any Error>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ result: Result<Int, any Error>) {
        outcome.withLock { $0 = $0 ?? result }
        isThere.signal()
    }

    func wait() throws -> Int {
        isThere.wait()
        return try outcome.withLock { $0! }.get()
    }
}
