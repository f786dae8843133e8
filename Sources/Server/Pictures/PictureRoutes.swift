internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import NIOCore

/// What people look at before and after a job is drawn.
extension Routes {
    /// The same question has the same answer, as long as the job is there.
    private static let shortLived = "private, max-age=3600"

    private struct Making: Encodable { var state = "making" }

    func addPictures() {
        router.post("/api/jobs/:id/start") { [service] request, context in
            let job = try service.job(context)
            let options = try service.options(request, over: job.options)
            return try Self.json(service.view(try Self.found(service.start(job.id, options))))
        }
        router.get("/api/jobs/:id/preview") { [service] request, context in
            let job = try service.job(context)
            let options = try service.options(request, over: job.options)
            return Self.picture(
                try await service.pictures.frame(of: job, .input, at: try Self.time(request), drawnWith: options))
        }
        router.get("/api/jobs/:id/frame") { [service] request, context in
            let job = try service.job(context)
            return Self.picture(
                try await service.pictures.frame(of: job, try Self.film(request), at: try Self.time(request)))
        }
        router.get("/api/jobs/:id/thumbnail") { [service] request, context in
            let job = try service.job(context)
            return Self.picture(try await service.pictures.thumbnail(of: job, try Self.film(request)))
        }
        router.get("/api/jobs/:id/media") { [service] request, context in
            let job = try service.job(context)
            return try Self.json(try await service.pictures.facts(of: job, try Self.film(request)))
        }
        router.get("/api/jobs/:id/proxy") { [service] request, context in
            let job = try service.job(context)
            switch try await service.pictures.proxy(of: job, try Self.film(request)) {
            case .making: return try Self.json(Making(), .accepted)
            case .ready(let file):
                var response = try await FileAnswer(file, name: file.lastPathComponent).response(to: request)
                response.headers[.cacheControl] = Self.shortLived
                return response
            }
        }
    }

    private static func picture(_ bytes: Data) -> Response {
        Response(
            status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: shortLived],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Seconds from the start of the film.
    private static func time(_ request: Request) throws -> Double {
        guard let text = request.uri.queryParameters["time"] else { return 0 }
        guard let time = Double(text), (0...1e6).contains(time) else {
            throw SakugaError(.usage, "time must be a number of seconds, 0 or more")
        }
        return time
    }

    private static func film(_ request: Request) throws -> PictureDesk.Film {
        guard let text = request.uri.queryParameters["of"] else { return .input }
        guard let film = PictureDesk.Film(rawValue: String(text)) else {
            throw SakugaError(
                .usage, "of must be \(PictureDesk.Film.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        return film
    }
}

extension JobService {
    /// A job's options, changed by those that a request names.
    func options(_ request: Request, over options: JobOptions) throws -> JobOptions {
        let query = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        return try JobOptions(query: query, presets: library.names(), over: options)
    }

    /// Lets a held job be drawn, with these options; nil where there is none of the name.
    ///
    /// - Throws: `.usage` where it is held no more.
    func start(_ id: String, _ options: JobOptions) throws -> Job? {
        let changed = try store.change(id) { job in
            guard job.state == .held else { return false }
            (job.state, job.options, job.queued) = (.queued, options, Date.now.timeIntervalSince1970)
            return true
        }
        if changed != nil { dispatcher.wake() }
        if changed == nil, let job = try store.job(id) {
            throw SakugaError(.usage, "the job is not held back: it is \(job.state.rawValue)")
        }
        return changed
    }
}
