internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird
internal import Model

/// A film that is sent in parts, and goes on after an interruption where it was.
struct ResumableUpload {
    private let service: JobService

    init(_ service: JobService) { self.service = service }

    struct State: Encodable {
        var id: String
        /// Bytes that are there. All of them: the job of the same identifier is made.
        var offset: Int
        var size: Int
    }

    func create(_ request: Request, from caller: Caller) throws -> Response {
        let query = request.uri.queryParameters
        let submission = try Submission(query, from: caller, presets: service.library.names())
        guard let size = query["size"].flatMap({ Int($0) }), size > 0 else {
            throw SakugaError(.usage, "size must be the number of bytes that will come")
        }
        let id = try service.begin(submission, bytes: size, from: caller)
        do {
            let upload = PendingUpload(id: id, owner: caller.name, size: size, submission: submission)
            try service.store.begin(upload, from: caller, service.limits)
        } catch {
            service.folders.remove(id)
            throw error
        }
        return try Routes.json(State(id: id, offset: 0, size: size), .created)
    }

    func state(_ context: ServerContext) throws -> Response {
        guard let upload = try upload(context) else { return try finished(context) }
        return try Routes.json(state(upload))
    }

    func remove(_ context: ServerContext) async throws -> Response {
        guard let upload = try upload(context) else { throw NotFound() }
        return try await service.senders.hold(upload.id) {
            guard try service.store.remove(upload) else { throw NotFound() }
            service.folders.remove(upload.id)
            return Response(status: .noContent)
        }
    }

    /// Appends a part. `Content-Range: bytes 0-99/1000` goes with the first hundred of a thousand bytes;
    /// `bytes */1000` with none.
    func append(_ request: Request, _ context: ServerContext) async throws -> Response {
        try await service.senders.hold(context.id()) {
            guard let upload = try upload(context) else { return try finished(context) }
            let part = try Self.part(request.headers[.contentRange] ?? "", size: upload.size)
            let offset = state(upload).offset
            guard part.isEmpty || part.lowerBound == offset else {
                throw Refusal(.conflict, "the upload has \(offset) bytes: go on from there")
            }
            if let length = request.headers[.contentLength], Int(length) != part.count {
                throw SakugaError(.usage, "Content-Range and Content-Length do not agree")
            }
            try service.folders.checkDisk(for: part.count, reserve: service.limits.freeDisk)
            let writer = BodyWriter(service, most: part.count) {
                Refusal(.badRequest, "more bytes come than Content-Range says")
            }
            _ = try await writer.append(request.body, to: file(of: upload))
            let isWhole = try finishWhole(upload)
            return try Routes.json(state(upload), isWhole ? .created : .ok)
        }
    }

    /// Makes a job of an upload of which all bytes are there; returns whether they are.
    private func finishWhole(_ upload: PendingUpload) throws -> Bool {
        guard state(upload).offset == upload.size else { return false }
        try service.store.finish(upload)
        service.dispatcher.wake()
        return true
    }

    /// Makes jobs of the uploads that were whole when the server ended.
    func finishAll() throws {
        for upload in try service.store.uploads() { _ = try finishWhole(upload) }
    }

    private func upload(_ context: ServerContext) throws -> PendingUpload? {
        guard let upload = try service.store.upload(context.id()), context.caller.mayUse(upload.owner) else {
            return nil
        }
        return upload
    }

    /// The answer for an upload that is a job already: its last answer may have been lost.
    private func finished(_ context: ServerContext) throws -> Response {
        let job = try service.job(context)
        return try Routes.json(State(id: job.id, offset: job.bytes, size: job.bytes))
    }

    private func file(of upload: PendingUpload) -> URL {
        service.folders.input(upload.id, filename: upload.submission.filename)
    }

    private func state(_ upload: PendingUpload) -> State {
        State(id: upload.id, offset: service.folders.size(of: file(of: upload)), size: upload.size)
    }

    /// The bytes that come (RFC 9110, section 14.4); none where none do.
    static func part(_ text: String, size: Int) throws -> Range<Int> {
        let wrong = SakugaError(
            .usage, "the request needs Content-Range: bytes FIRST-LAST/\(size), or bytes */\(size) with no body")
        if text == "bytes */\(size)" { return 0..<0 }
        guard text.hasPrefix("bytes "), text.hasSuffix("/\(size)") else { throw wrong }
        let ends = text.dropFirst(6).dropLast("/\(size)".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0, first <= last, last < size
        else { throw wrong }
        return first..<(last + 1)
    }
}

extension Routes {
    func addUploads() {
        router.post("/api/uploads") { [service] request, context in
            try ResumableUpload(service).create(request, from: context.caller)
        }
        router.get("/api/uploads/:id") { [service] _, context in try ResumableUpload(service).state(context) }
        router.put("/api/uploads/:id") { [service] request, context in
            try await ResumableUpload(service).append(request, context)
        }
        router.delete("/api/uploads/:id") { [service] _, context in
            try await ResumableUpload(service).remove(context)
        }
    }
}
