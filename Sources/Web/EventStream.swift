internal import Foundation
package import Hummingbird
internal import NIOCore
internal import ServiceLifecycle

/// Server-sent events (HTML Standard, section 9.2): a response that never ends and sends values as JSON.
package enum EventStream {
    /// Sends what `next` returns until it returns nil, the reader goes, or the server stops.
    package static func response(
        _ next: @escaping @Sendable () async throws -> (any Encodable & Sendable)?
    ) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream"],
            body: .init { writer in
                while let value = try await Self.value(next) {
                    var buffer = ByteBuffer(string: "data: ")
                    buffer.writeBytes(try encoder.encode(value))
                    buffer.writeString("\n\n")
                    try await writer.write(buffer)
                }
                try await writer.finish(nil)
            })
    }

    /// The next value, or nil where the server stops before there is one.
    private static func value(
        _ next: @escaping @Sendable () async throws -> (any Encodable & Sendable)?
    ) async throws -> (any Encodable & Sendable)? {
        do {
            return try await cancelOnGracefulShutdown(next) ?? nil
        } catch is CancellationError {
            return nil
        }
    }
}
