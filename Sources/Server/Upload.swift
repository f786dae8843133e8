internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import NIOCore

/// Receives a film as the body of a request, straight to the disk, and makes a job of it.
struct Upload {
    private let service: JobService
    private static let longestName = 200

    init(_ service: JobService) { self.service = service }

    private struct Accepted: Encodable { var id: String }

    func receive(_ request: Request, from caller: Caller) async throws -> Response {
        let query = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        let filename = Self.shown(query.first { $0.name == "filename" }?.value ?? "")
        let options = try JobOptions(query: query, presets: service.library.names())
        let priority = try Routes.number(request.uri.queryParameters["priority"], "priority", caller.priorities) ?? 0
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        try check(announced ?? 0)
        try service.store.check(caller, service.limits)
        let (id, file) = try service.begin(filename: filename)
        do {
            let bytes = try await write(request.body, to: file)
            guard bytes > 0 else { throw SakugaError(.usage, "the request has no body: send the film as it") }
            if let announced, bytes != announced { throw SakugaError(.usage, "the upload is not whole") }
            let job = try service.accept(
                id, filename: filename, from: caller, options: options, priority: priority, bytes: bytes)
            return try Routes.json(Accepted(id: job.id), .created)
        } catch {
            service.folders.remove(id)
            throw error
        }
    }

    /// A name for people: without folders and control characters, and not too long.
    private static func shown(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? "film"
        let plain = last.unicodeScalars.filter {
            !$0.properties.isDefaultIgnorableCodePoint && $0.value >= 32 && $0.value != 127
        }
        let text = String(String.UnicodeScalarView(plain))
        // The ending says what the result is kept in.
        return text.count <= longestName ? text : "…" + text.suffix(longestName - 1)
    }

    private func check(_ bytes: Int) throws {
        guard bytes <= service.limits.largestUpload else {
            throw Refusal(.contentTooLarge, "uploads may have \(service.limits.largestUpload >> 20) MB at most")
        }
    }

    private func write(_ body: RequestBody, to file: URL) async throws -> Int {
        guard FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw SakugaError(.cannotCreate, "the upload cannot be kept") }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        var bytes = 0
        for try await part in body {
            bytes += part.readableBytes
            try check(bytes)
            do {
                try handle.write(contentsOf: part.readableBytesView)
            } catch {
                throw SakugaError(.inputOutput, "the upload cannot be kept: \(error.localizedDescription)")
            }
        }
        // Accepted means on the disk.
        try handle.synchronize()
        return bytes
    }
}
