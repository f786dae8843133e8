internal import Foundation
internal import Dispatch
internal import Frames
package import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
package import ServiceLifecycle
internal import Synchronization

/// A listening HTTP server and the services behind it, to be started and stopped by code that is not asynchronous.
package final class WebServer: Sendable {
    /// Where it listens: with the port that the system chose where 0 was asked for.
    package let address: ListenAddress
    private let services: ServiceGroup
    private let task: Task<Void, Never>
    private let ended = DispatchGroup()

    /// For how long answers that have begun may go on when it stops.
    private static let grace = Duration.seconds(5)
    /// Connections at a time; more wait until one ends.
    private static let mostConnections = 1024

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - others: what runs as long as it does, and ends after it, the last one first.
    ///   - hasEnded: is called when all of that has ended, asked to or not.
    /// - Throws: `.unavailable` where the address cannot be listened on.
    package init<Context: RequestContext>(
        _ address: ListenAddress, router: Router<Context>, services others: [any Service] = [],
        ended hasEnded: @escaping @Sendable () -> Void = {}
    ) throws where Context.Source == ApplicationRequestContextSource {
        Self.allowFiles()
        let start = Start()
        var logger = Logger(label: "sakuga")
        logger.logLevel = .critical
        let application = Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [RequestDeadline(), EarlyAnswers(), UnhurriedClose()],
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))),
            configuration: .init(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
            onServerRunning: { channel in start.set(.success(channel.localAddress?.port ?? address.port)) },
            logger: logger)
        var configuration = ServiceGroupConfiguration(services: others + [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.grace
        let services = ServiceGroup(configuration: configuration)
        self.services = services
        ended.enter()
        task = Task { [ended] in
            do { try await services.run() } catch { start.set(.failure(error)) }
            ended.leave()
            hasEnded()
        }
        do {
            self.address = ListenAddress(host: address.host, port: try start.wait())
        } catch {
            ended.wait()
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

    /// Stops listening, lets answers that have begun come to their end for a few seconds, and ends the other services;
    /// blocks until all of that is done.
    package func stop() {
        Task { [services] in await services.triggerGracefulShutdown() }
        ended.wait()
    }
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
