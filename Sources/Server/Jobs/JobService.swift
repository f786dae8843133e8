internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Model
internal import Pipeline

/// What can be done with jobs, whoever asks.
struct JobService: Sendable {
    let store: JobStore
    let folders: JobFolders
    let dispatcher: Dispatcher
    let pictures: PictureDesk
    let library: PresetLibrary
    let limits: ServiceLimits
    let senders = Senders()

    init(
        _ store: JobStore, _ folders: JobFolders, _ dispatcher: Dispatcher, presets: PresetLibrary,
        limits: ServiceLimits
    ) {
        (self.store, self.folders, self.dispatcher) = (store, folders, dispatcher)
        (library, self.limits) = (presets, limits)
        pictures = PictureDesk(
            store, folders, executable: dispatcher.executable, limits: limits, jobLimits: dispatcher.jobLimits)
    }

    /// A job as clients see it.
    struct View: Encodable, Sendable, Equatable {
        var id: String
        var filename: String
        var owner: String?
        var state: String
        /// 0…1.
        var progress: Double
        var error: String?
        var options: JobOptions
        var priority: Int
        var created: Double
        var started: Double?
        var finished: Double?
        var attempts: Int
        var bytes: Int
        var frames: Int?
        /// Frames per second and seconds left, while it is drawn.
        var fps: Double?
        var etaSeconds: Double?

        enum CodingKeys: String, CodingKey {
            case id, filename, owner, state, progress, error, options, priority, created, started, finished, attempts
            case bytes, frames, fps
            case etaSeconds = "eta_s"
        }
    }

    func view(_ job: Job) -> View {
        let progress = job.state == .running ? dispatcher.progress(of: job.id) : nil
        var share = job.state == .done ? 1.0 : 0
        if let progress, let frames = progress.frames, frames > 0 {
            share = min(1, Double(progress.frame) / Double(frames))
        }
        return View(
            id: job.id, filename: job.filename, owner: job.owner, state: job.state.rawValue, progress: share,
            error: job.error, options: job.options, priority: job.priority, created: job.created, started: job.started,
            finished: job.finished, attempts: job.attempts, bytes: job.bytes, frames: job.frames ?? progress?.frame,
            fps: progress?.fps, etaSeconds: progress?.eta)
    }

    /// Makes a name for a job, and an empty file for its film.
    ///
    /// - Parameter bytes: that the film will have, as far as that is known.
    /// - Throws: `Refusal` where there is no room for it.
    func begin(_ submission: Submission, bytes: Int, from caller: Caller) throws -> String {
        guard bytes <= limits.largestUpload else { throw tooLarge }
        let id = try newFolder(bytes: bytes, from: caller)
        let file = folders.input(id, filename: submission.filename)
        guard FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw SakugaError(.cannotCreate, "the upload cannot be kept") }
        return id
    }

    /// Makes a name for a job, and a folder for its files.
    ///
    /// - Throws: `Refusal` where there is no room for it.
    func newFolder(bytes: Int, from caller: Caller) throws -> String {
        try store.check(caller, bytes: bytes, limits)
        try folders.checkDisk(for: bytes, reserve: limits.freeDisk)
        let id = UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
        try folders.make(id)
        return id
    }

    var tooLarge: Refusal {
        Refusal(.contentTooLarge, "uploads may have \(limits.largestUpload >> 20) MB at most")
    }

    /// Ends a job that is not over; nil where there is none of the name.
    func cancel(_ id: String) throws -> Job? {
        let changed = try store.change(id) { job in
            guard !job.state.isOver else { return false }
            (job.state, job.finished) = (.cancelled, Date.now.timeIntervalSince1970)
            return true
        }
        if changed != nil { dispatcher.interrupt(id) }
        return try changed ?? store.job(id)
    }

    /// Queues a job again that failed or was cancelled.
    func retry(_ id: String, for caller: Caller) throws -> Job? {
        try store.check(caller, bytes: 0, limits)
        let changed = try store.change(id) { job in
            guard job.state == .failed || job.state == .cancelled else { return false }
            (job.state, job.attempts, job.error, job.started, job.finished) = (.queued, 0, nil, nil, nil)
            job.queued = Date.now.timeIntervalSince1970
            return true
        }
        if changed != nil { dispatcher.wake() }
        return try changed ?? store.job(id)
    }

    func prioritize(_ id: String, _ priority: Int) throws -> Job? {
        try store.change(id) { job in
            job.priority = priority
            return true
        }
    }

    /// Forgets a job and its files; one that is not over is ended first. False where there is none.
    func delete(_ id: String) throws -> Bool {
        guard try cancel(id) != nil else { return false }
        let isGone = try store.remove(id)
        if isGone {
            pictures.interrupt(id)
            folders.remove(id)
        }
        return isGone
    }

    func result(_ job: Job) -> URL? {
        guard job.state == .done, job.result != nil else { return nil }
        return folders.result(job.id)
    }

    func preview(ofPreset name: String) -> Data? {
        guard library.names().contains(name), let folder = library.folder(of: name) else { return nil }
        return try? Data(contentsOf: folder.appendingPathComponent("preview.jpg"))
    }
}
