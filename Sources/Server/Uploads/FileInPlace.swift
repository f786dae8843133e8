internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird
internal import Model

/// A film of this machine that is drawn where it lies.
struct FileInPlace {
    private let service: JobService

    init(_ service: JobService) { self.service = service }

    private struct Accepted: Encodable { var id: String }

    /// Makes a job of the file at `path`.
    func accept(_ path: String, _ request: Request, from caller: Caller) throws -> Response {
        if request.headers[.contentLength].flatMap({ Int($0) }) ?? 0 > 0 {
            throw SakugaError(.usage, "give a path or a film, not both")
        }
        var submission = try Submission(
            request.uri.queryParameters, from: caller, presets: service.library.names())
        let file = try service.folders.file(path)
        // The ending says which container the result gets: it has to be the file's own.
        submission.filename = Submission.shown(file.lastPathComponent)
        let id = try service.newFolder(bytes: 0, from: caller)
        do {
            var job = submission.job(id, of: caller.name, bytes: service.folders.size(of: file))
            (job.source, job.stored) = (file.path, 0)
            try service.store.accept(job, from: caller, service.limits)
        } catch {
            service.folders.remove(id)
            throw error
        }
        service.dispatcher.wake()
        return try Routes.json(Accepted(id: id), .created)
    }
}
