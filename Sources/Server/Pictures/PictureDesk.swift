internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Synchronization
internal import Work

/// Has pictures and small films made of jobs' files for people to look at: each in a worker process, since a stranger's
/// file is opened nowhere else.
final class PictureDesk: Sendable {
    /// Which file of a job.
    enum Film: String, CaseIterable, Sendable { case input, result }

    /// A film that browsers play.
    enum Proxy: Sendable {
        case ready(URL)
        case making
    }

    private struct State {
        var isStopping = false
        var running: [String: [WorkerProcess]] = [:]
        /// Small films that are being made or wait to be.
        var coming: Set<URL> = []
        /// Why small films could not be made, until somebody is told.
        var failures: [URL: any Error] = [:]
    }

    private let store: JobStore
    private let folders: JobFolders
    private let executable: URL
    private let limits: ServiceLimits
    private let jobLimits: WorkOrder.Limits
    private let state = Mutex(State())
    /// For what somebody waits for.
    private let quick = OperationQueue()
    private let slow = OperationQueue()
    private static let mostWaiting = 16
    /// Seconds.
    private static let quickTimeout = 20.0
    private static let slowTimeout = 3600.0
    /// Bytes of a picture.
    private static let largestPicture = 64 << 20

    init(
        _ store: JobStore, _ folders: JobFolders, executable: URL, limits: ServiceLimits, jobLimits: WorkOrder.Limits
    ) {
        (self.store, self.folders, self.executable) = (store, folders, executable)
        (self.limits, self.jobLimits) = (limits, jobLimits)
        quick.maxConcurrentOperationCount = 2
        quick.qualityOfService = .userInitiated
        slow.maxConcurrentOperationCount = 1
        slow.qualityOfService = .utility
    }

    /// A JPEG of the frame at `time`, in seconds: drawn where there are options.
    ///
    /// - Throws: `.usage` with a sentence where the file has none there; `Refusal` where too much is asked for.
    func frame(of job: Job, _ film: Film, at time: Double, drawnWith options: JobOptions? = nil) async throws -> Data {
        let product = WorkProduct.frame(time: time, isDrawn: options != nil)
        return try await waitingForTurn { [self] in
            try make(product, of: job, film, options: options) { try Data(contentsOf: $0[0]) }
        }
    }

    func thumbnail(of job: Job, _ film: Film) async throws -> Data {
        try await look(at: job, film)
        return try Data(contentsOf: kept(job, film, "thumbnail.jpg"))
    }

    func facts(of job: Job, _ film: Film) async throws -> MediaFacts {
        try await look(at: job, film)
        return try JSONDecoder().decode(MediaFacts.self, from: Data(contentsOf: kept(job, film, "facts.json")))
    }

    /// The file itself where browsers play it, else a small film that is made now and kept.
    ///
    /// - Throws: `.usage` where none can be made; `Refusal` where too much is asked for.
    func proxy(of job: Job, _ film: Film) async throws -> Proxy {
        let facts = try await facts(of: job, film)
        guard !facts.isStill else { throw SakugaError(.usage, "a picture has no small film: ask for its frame") }
        if facts.isPlayable { return .ready(try file(of: job, film)) }
        let target = kept(job, film, "proxy.mp4")
        if FileManager.default.fileExists(atPath: target.path) { return .ready(target) }
        let isNew = try state.withLock { state -> Bool in
            if let failure = state.failures.removeValue(forKey: target) { throw failure }
            if state.coming.contains(target) { return false }
            guard slow.operationCount < Self.mostWaiting else { throw Refusal.busy }
            return state.coming.insert(target).inserted
        }
        if isNew { slow.addOperation { [self] in makeProxy(of: job, film, target) } }
        return .making
    }

    private func makeProxy(of job: Job, _ film: Film, _ target: URL) {
        var failure: (any Error)?
        do {
            if !FileManager.default.fileExists(atPath: target.path) {
                try make(.proxy, of: job, film) { try keep($0, of: job, film) }
            }
        } catch {
            failure = error
        }
        state.withLock { state in
            state.coming.remove(target)
            state.failures[target] = failure
        }
    }

    /// Ends what is under way for a job.
    func interrupt(_ id: String) { state.withLock { $0.running[id] ?? [] }.forEach { $0.stop() } }

    func stop() {
        let running = state.withLock { state in
            state.isStopping = true
            return state.running.values.flatMap { $0 }
        }
        running.forEach { $0.stop() }
        quick.waitUntilAllOperationsAreFinished()
        slow.waitUntilAllOperationsAreFinished()
    }

    // MARK: Files

    private func kept(_ job: Job, _ film: Film, _ name: String) -> URL {
        folders.folder(job.id).appendingPathComponent("\(film.rawValue)-\(name)")
    }

    private func keep(_ files: [URL], of job: Job, _ film: Film) throws {
        for file in files {
            let target = kept(job, film, file.lastPathComponent)
            // Somebody else may have asked at the same time.
            guard rename(file.path, target.path) == 0 else { throw NotFound() }
        }
        // They count against what the job's owner may have.
        try store.change(job.id) {
            $0.stored = folders.size(job.id); return true
        }
    }

    private func file(of job: Job, _ film: Film) throws -> URL {
        switch film {
        case .input: return try folders.input(job)
        case .result:
            guard job.state == .done, let file = folders.result(job.id) else { throw NotFound() }
            return file
        }
    }

    // MARK: Work

    /// Makes the thumbnail and the facts where they are not there yet.
    private func look(at job: Job, _ film: Film) async throws {
        let facts = kept(job, film, "facts.json")
        if FileManager.default.fileExists(atPath: facts.path) { return }
        try await waitingForTurn { [self] in
            if FileManager.default.fileExists(atPath: facts.path) { return }
            try make(.thumbnail, of: job, film) { try keep($0, of: job, film) }
        }
    }

    private func waitingForTurn<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        guard quick.operationCount < Self.mostWaiting else { throw Refusal.busy }
        return try await withCheckedThrowingContinuation { continuation in
            quick.addOperation { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// Runs a worker, and gives what it has made to `use`; blocks.
    private func make<Value>(
        _ product: WorkProduct, of job: Job, _ film: Film, options: JobOptions? = nil, use: ([URL]) throws -> Value
    ) throws -> Value {
        let file = try file(of: job, film)
        let room = min(try store.room(for: job, limits), folders.freeBytes - limits.freeDisk)
        guard product != .proxy || room > 0 else { throw Refusal.noRoom }
        let scratch = try folders.makeScratch()
        defer { try? FileManager.default.removeItem(at: scratch) }
        var jobLimits = jobLimits
        // A result may be larger than what was sent, and is not a stranger's.
        if film == .result { jobLimits.pixels = .max }
        jobLimits.process.file = product == .proxy ? min(jobLimits.process.file, room) : Self.largestPicture
        // One picture is drawn fastest by one stream with all cores.
        var order = WorkOrder(
            input: file.path, folder: scratch.path, options: options ?? job.options, streams: 1, limits: jobLimits)
        (order.product, order.networks) = (product, folders.networks.path)
        let process = WorkerProcess()
        let isStopping = state.withLock { state in
            state.running[job.id, default: []].append(process)
            return state.isStopping
        }
        defer {
            state.withLock { state in
                state.running[job.id]?.removeAll { $0 === process }
                if state.running[job.id]?.isEmpty == true { state.running[job.id] = nil }
            }
        }
        guard !isStopping else { throw NotFound() }
        let timeout = product == .proxy ? Self.slowTimeout : Self.quickTimeout
        switch try process.run(executable, "worker", order, timeout: timeout) {
        case .done: return try use(product.files.map(scratch.appendingPathComponent))
        case .failed(_, isFinal: false) where product == .proxy && jobLimits.process.file == room: throw Refusal.noRoom
        case .failed(let reason, let isFinal):
            let shown = folders.withoutPaths(reason, of: job)
            guard isFinal else { throw Refusal(.serviceUnavailable, shown, retryAfter: 2) }
            throw SakugaError(.usage, shown)
        case .late:
            throw Refusal(.serviceUnavailable, "it took longer than \(Int(timeout)) s", retryAfter: 2)
        case .stopped: throw NotFound()
        }
    }
}

extension Refusal {
    /// More is asked for than can be done now.
    fileprivate static let busy = Refusal(
        .serviceUnavailable, "the server has its hands full: ask again in a moment", retryAfter: 2)

    fileprivate static let noRoom = Refusal(
        .insufficientStorage, "there is no room for a small film that browsers play: delete something first")
}
