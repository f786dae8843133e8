internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import NIOCore

/// Receives a film as the body of one request, straight to the disk, and makes a job of it.
struct Upload {
    private let service: JobService

    init(_ service: JobService) { self.service = service }

    private struct Accepted: Encodable { var id: String }

    func receive(_ request: Request, from caller: Caller) async throws -> Response {
        let submission = try Submission(
            request.uri.queryParameters, from: caller, presets: service.library.names())
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        let id = try service.begin(submission, bytes: announced ?? 0, from: caller)
        do {
            let writer = BodyWriter(service, most: service.limits.largestUpload) { service.tooLarge }
            let bytes = try await writer.append(
                request.body, to: service.folders.input(id, filename: submission.filename))
            guard bytes > 0 else { throw SakugaError(.usage, "the request has no body: send the film as it") }
            if let announced, bytes != announced { throw SakugaError(.usage, "the upload is not whole") }
            let job = submission.job(id, of: caller.name, bytes: bytes)
            try service.store.accept(job, from: caller, service.limits)
            service.dispatcher.wake()
            return try Routes.json(Accepted(id: id), .created)
        } catch {
            service.folders.remove(id)
            throw error
        }
    }
}

/// Writes the body of a request to the disk as it comes.
struct BodyWriter {
    private let service: JobService
    private let most: Int
    private let refusal: () -> Refusal

    /// - Parameters:
    ///   - most: bytes that the body may have.
    ///   - refusal: what is said where it has more.
    init(_ service: JobService, most: Int, refusal: @escaping () -> Refusal) {
        (self.service, self.most, self.refusal) = (service, most, refusal)
    }

    /// Appends it to a file that is there. When this returns, what came is on the disk.
    ///
    /// - Returns: how many bytes came.
    /// - Throws: `Refusal` where more come than may, or the disk fills up; `.inputOutput` where they cannot be kept. What
    ///   had come until then stays in the file.
    func append(_ body: RequestBody, to file: URL) async throws -> Int {
        try await withTaskExecutorPreference(DiskExecutor.shared) { try await write(body, to: file) }
    }

    private func write(_ body: RequestBody, to file: URL) async throws -> Int {
        let handle: FileHandle
        do {
            handle = try FileHandle(forWritingTo: file)
            try handle.seekToEnd()
        } catch {
            throw SakugaError(.inputOutput, "the upload cannot be kept: \(error.localizedDescription)")
        }
        defer { try? handle.close() }
        var (bytes, checked) = (0, 0)
        for try await part in body {
            guard bytes + part.readableBytes <= most else { throw refusal() }
            do {
                try handle.write(contentsOf: part.readableBytesView)
            } catch {
                throw SakugaError(.inputOutput, "the upload cannot be kept: \(error.localizedDescription)")
            }
            bytes += part.readableBytes
            if bytes - checked > 64 << 20 {
                try service.folders.checkDisk(for: 0, reserve: service.limits.freeDisk)
                checked = bytes
            }
        }
        // Accepted means on the disk.
        try handle.synchronize()
        return bytes
    }
}
