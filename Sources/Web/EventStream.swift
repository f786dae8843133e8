internal import Foundation
package import Hummingbird
internal import NIOCore

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
                while let value = try await next() {
                    var buffer = ByteBuffer(string: "data: ")
                    buffer.writeBytes(try encoder.encode(value))
                    buffer.writeString("\n\n")
                    try await writer.write(buffer)
                }
                try await writer.finish(nil)
            })
    }
}
