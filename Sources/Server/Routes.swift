internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird
internal import Model
internal import NIOCore
internal import Web

/// The HTTP interface and the page.
struct Routes {
    let router = Router(context: ServerContext.self)
    let service: JobService
    private static let html = String(decoding: PackageResources.page_html, as: UTF8.self)
    private static let openAPI = PackageResources.openapi_json
    private static let largestPage = 200

    init(_ service: JobService, _ rules: RequestRules, _ admission: Admission) {
        self.service = service
        let nonce = AccessToken().text
        router.add(
            middleware: RequestGuard(
                rules,
                contentPolicy:
                    "default-src 'none'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
                    + "script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; base-uri 'none'; form-action 'none'; "
                    + "frame-ancestors 'none'"))
        router.add(middleware: ErrorAnswers())
        router.add(middleware: admission)
        router.get("/") { _, _ in
            let page = Self.html.replacingOccurrences(of: "{{nonce}}", with: nonce)
            return Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: page)))
        }
        router.get("/healthz") { _, _ in Response.text(.ok, "ok\n") }
        router.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: Self.openAPI)))
        }
        addJobs()
        addPictures()
        addUploads()
        addPresets()
        addMetrics()
    }

    // MARK: Jobs

    private struct Page: Encodable {
        var jobs: [JobService.View]
        var total: Int
    }

    private struct History: Encodable { var events: [JobEvent] }

    private func addJobs() {
        router.post("/api/jobs") { [service] request, context in
            if let path = request.uri.queryParameters["path"] {
                return try FileInPlace(service).accept(String(path), request, from: context.caller)
            }
            return try await Upload(service).receive(request, from: context.caller)
        }
        router.get("/api/jobs") { [service] request, context in
            let query = request.uri.queryParameters
            let filter = try Self.filter(query, context.caller)
            let limit = try Self.number(query["limit"], "limit", 1...Self.largestPage) ?? 50
            let offset = try Self.number(query["offset"], "offset", 0...1_000_000_000) ?? 0
            let page = try service.store.jobs(filter, limit: limit, offset: offset)
            return try Self.json(Page(jobs: page.jobs.map(service.view), total: page.total))
        }
        router.get("/api/jobs/:id") { [service] _, context in
            try Self.json(service.view(service.job(context)))
        }
        router.patch("/api/jobs/:id") { [service] request, context in
            let job = try service.job(context)
            let text = request.uri.queryParameters["priority"]
            let priority = try Self.number(text, "priority", context.caller.priorities)
            guard let priority else { throw SakugaError(.usage, "priority is missing") }
            return try Self.json(service.view(Self.found(service.prioritize(job.id, priority))))
        }
        router.delete("/api/jobs/:id") { [service] _, context in
            guard try service.delete(service.job(context).id) else { throw NotFound() }
            return Response(status: .noContent)
        }
        router.post("/api/jobs/:id/cancel") { [service] _, context in
            try Self.json(service.view(Self.found(service.cancel(service.job(context).id))))
        }
        router.post("/api/jobs/:id/retry") { [service] _, context in
            try Self.json(service.view(Self.found(service.retry(service.job(context).id, for: context.caller))))
        }
        router.get("/api/jobs/:id/result") { [service] request, context in
            let job = try service.job(context)
            guard let file = service.result(job) else { throw NotFound() }
            let name = (job.filename as NSString).deletingPathExtension
            let shown = "\(name).\(job.options.preset.prefix { $0 != ":" }).\(file.pathExtension)"
            return try await FileAnswer(file, name: shown).response(to: request)
        }
        router.get("/api/jobs/:id/input") { [service] request, context in
            let job = try service.job(context)
            // Of files in place only films are given out: what has been drawn was one.
            guard job.source == nil || job.state == .done else { throw NotFound() }
            let file = try service.folders.input(job)
            return try await FileAnswer(file, name: job.filename).response(to: request)
        }
        router.get("/api/jobs/:id/log") { [service] _, context in
            let job = try service.job(context)
            let log = try? String(contentsOf: service.folders.log(job.id), encoding: .utf8)
            return Response.text(.ok, log ?? "")
        }
        router.get("/api/jobs/:id/history") { [service] _, context in
            try Self.json(History(events: service.store.events(of: service.job(context).id)))
        }
        router.get("/api/jobs/:id/events") { [service] _, context in
            let id = try service.job(context).id
            let course = Course()
            return EventStream.response {
                // What has changed, until nothing more will.
                while !course.hasEnded {
                    guard let job = try service.store.job(id) else { return nil }
                    if job.state.isOver { course.end() }
                    if let view = course.news(service.view(job)) { return view }
                    try await Task.sleep(for: .milliseconds(300))
                }
                return nil
            }
        }
    }

    // MARK: The rest

    private struct Presets: Encodable { var presets: [PresetView] }

    private func addPresets() {
        router.get("/api/presets") { [service] _, _ in
            try Self.json(Presets(presets: service.library.list().compactMap(PresetView.init)))
        }
        router.get("/api/presets/:name/preview") { [service] _, context in
            guard let picture = context.parameters.get("name").flatMap(service.preview) else { throw NotFound() }
            return Response(
                status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: "private, max-age=3600"],
                body: .init(byteBuffer: ByteBuffer(bytes: picture)))
        }
    }

    private func addMetrics() {
        router.get("/api/me") { [service] _, context in
            try Self.json(service.store.account(of: context.caller, service.limits))
        }
        router.get("/metrics") { [service] _, context in
            guard context.caller.isAdmin else { throw Refusal(.forbidden, "the figures are for admins") }
            let counts = try service.store.counts()
            var text = "# HELP sakuga_jobs Jobs by state.\n# TYPE sakuga_jobs gauge\n"
            for state in Job.State.allCases {
                text += "sakuga_jobs{state=\"\(state.rawValue)\"} \(counts[state] ?? 0)\n"
            }
            text += "# HELP sakuga_workers_busy Workers that draw.\n# TYPE sakuga_workers_busy gauge\n"
            text += "sakuga_workers_busy \(service.dispatcher.runningCount)\n"
            var response = Response.text(.ok, text)
            response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        }
    }

    static func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    /// What a list may show to `caller`, and was asked to show.
    private static func filter(_ query: Parameters, _ caller: Caller) throws -> JobFilter {
        var filter = JobFilter()
        if let text = query["state"] {
            filter.state = Job.State(rawValue: String(text))
            if filter.state == nil { throw SakugaError(.usage, "there is no state of that name") }
        }
        filter.owner = caller.isAdmin ? query["user"].map(String.init) : caller.name
        filter.preset = query["preset"].map(String.init)
        filter.filename = query["search"].map(String.init)
        return filter
    }

    static func found(_ job: Job?) throws -> Job {
        guard let job else { throw NotFound() }
        return job
    }

    static func number(_ text: Substring?, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw SakugaError(.usage, "\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

struct NotFound: Error {}
