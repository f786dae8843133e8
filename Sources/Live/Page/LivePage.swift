internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird
internal import Media
package import Model
internal import ServiceLifecycle
internal import Temporal
package import Web

/// The page that shows a live run in a browser and controls it.
package final class LivePage: Sendable {
    /// The address to open, with the token that lets in.
    package let link: String
    private let server: WebServer

    /// Begins to serve.
    ///
    /// - Throws: `.unavailable` where the address cannot be listened on.
    package init(
        _ job: LiveJob, _ broadcast: PictureBroadcast, at address: ListenAddress,
        presets: PresetLibrary = PresetLibrary()
    ) throws {
        let token = AccessToken()
        let nonce = AccessToken().text
        let router = Router()
        router.add(
            middleware: RequestGuard(
                RequestRules(address, token: token),
                contentPolicy: "default-src 'none'; img-src 'self' data: blob:; connect-src 'self'; "
                    + "script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; base-uri 'none'; form-action 'none'; "
                    + "frame-ancestors 'none'"))
        Self.addRoutes(to: router, LiveControls(job, presets), broadcast, nonce: nonce)
        server = try WebServer(address, router: router)
        link = "http://\(server.address.reachable.authority)/?token=\(token.text)"
    }

    package func stop() { server.stop() }

    private static let html = String(decoding: PackageResources.page_html, as: UTF8.self)
    private static let boundary = "sakuga-picture"
    /// Who looks at the page at a time.
    private static let mostViewers = 32

    private static func addRoutes(
        to router: Router<BasicRequestContext>, _ controls: LiveControls, _ broadcast: PictureBroadcast, nonce: String
    ) {
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: html.replacingOccurrences(of: "{{nonce}}", with: nonce))))
        }
        router.get("/stream") { _, _ in
            guard broadcast.viewerCount < mostViewers else {
                return Response.text(.serviceUnavailable, "Too many are looking already.\n")
            }
            return stream(broadcast.pictures())
        }
        router.get("/events") { _, _ in
            let isFirst = First()
            return EventStream.response {
                if !isFirst.take() { try await Task.sleep(for: .milliseconds(500)) }
                return controls.state
            }
        }
        router.get("/snapshot.png") { _, _ in
            guard let picture = broadcast.newest else { return Response.text(.notFound, "There is no picture yet.\n") }
            let name = FileName.now(extension: "png")
            return Response(
                status: .ok,
                headers: [.contentType: "image/png", .contentDisposition: "attachment; filename=\"\(name)\""],
                body: .init(byteBuffer: ByteBuffer(bytes: try PictureFile.encoded(picture))))
        }
        router.get("/presets/:name") { _, context in
            guard let name = context.parameters.get("name"), let picture = controls.preview(of: name) else {
                return Response.text(.notFound, "There is no such preset.\n")
            }
            return Response(
                status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: "private, max-age=3600"],
                body: .init(byteBuffer: ByteBuffer(bytes: picture)))
        }
        router.post("/control") { request, _ in
            do {
                let body = try await request.body.collect(upTo: 4096)
                try controls.apply(Data(body.readableBytesView))
            } catch let error as SakugaError {
                return Response.text(.badRequest, error.message + "\n")
            } catch is DecodingError {
                return Response.text(.badRequest, "This is no change that can be made.\n")
            }
            let state = try JSONEncoder().encode(controls.state)
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: state)))
        }
    }

    /// Motion JPEG: each picture replaces the one before. The boundary follows each picture at once, since browsers show
    /// a picture when they see its end.
    private static func stream(_ pictures: AsyncStream<[UInt8]>) -> Response {
        Response(
            status: .ok, headers: [.contentType: "multipart/x-mixed-replace; boundary=\(boundary)"],
            body: .init { writer in
                try await writer.write(ByteBuffer(string: "--\(boundary)\r\n"))
                for await picture in pictures.cancelOnGracefulShutdown() {
                    var buffer = ByteBuffer(
                        string: "Content-Type: image/jpeg\r\nContent-Length: \(picture.count)\r\n\r\n")
                    buffer.writeBytes(picture)
                    buffer.writeString("\r\n--\(boundary)\r\n")
                    try await writer.write(buffer)
                }
                try await writer.finish(nil)
            })
    }
}
