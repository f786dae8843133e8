internal import Dispatch
internal import Foundation
internal import Frames
internal import Pipeline
internal import Synchronization
internal import Work

/// Gives waiting jobs to workers, as many at a time as there may be.
final class Dispatcher: Sendable {
    private struct State {
        var isStopping = false
        var running: [String: WorkerProcess] = [:]
    }

    private let store: JobStore
    private let folders: JobFolders
    let executable: URL
    private let workers: Int
    private let limits: ServiceLimits
    let jobLimits: WorkOrder.Limits
    private let cluster: WorkOrder.Cluster?
    /// For each worker.
    private let cores: Int
    private let state = Mutex(State())
    /// Counts reasons to look for a job.
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchGroup()
    /// An attempt that fails for reasons that may pass is made so often.
    private static let mostAttempts = 3
    /// Bytes that a result may always have: the limit holds for all that a worker writes, compiled generators among it,
    /// which are kept for other jobs and must not be cut off.
    private static let leastRoom = 64 << 20

    init(
        _ store: JobStore, _ folders: JobFolders, executable: URL, workers: Int, limits: ServiceLimits,
        jobLimits: WorkOrder.Limits, cluster: WorkOrder.Cluster? = nil
    ) {
        (self.store, self.folders, self.executable) = (store, folders, executable)
        (self.workers, self.limits, self.jobLimits) = (workers, limits, jobLimits)
        self.cluster = cluster
        cores = cluster?.cores ?? max(1, ProcessInfo.processInfo.activeProcessorCount / workers)
    }

    func start() {
        for number in 0..<workers {
            ended.enter()
            let thread = Thread { [self] in
                while !isStopping {
                    // A failing database must not spin.
                    let job = (try? store.claim(runningPerUser: limits.runningPerUser)) ?? nil
                    if let job { attempt(job) } else { _ = work.wait(timeout: .now() + 5) }
                }
                ended.leave()
            }
            thread.name = "sakuga.worker.\(number)"
            thread.start()
        }
    }

    /// A job may wait.
    func wake() { work.signal() }

    /// Ends all workers; their jobs wait again.
    func stop() {
        let running = state.withLock { state in
            state.isStopping = true
            return Array(state.running.values)
        }
        running.forEach { $0.stop() }
        for _ in 0..<workers { work.signal() }
        ended.wait()
    }

    func progress(of id: String) -> RenderProgress? { state.withLock { $0.running[id] }?.progress }

    var runningCount: Int { state.withLock { $0.running.count } }

    /// Ends the attempt at a job, where one is under way.
    func interrupt(_ id: String) { state.withLock { $0.running[id] }?.stop() }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func attempt(_ job: Job) {
        let process = WorkerProcess()
        let isRefused = state.withLock { state in
            if !state.isStopping { state.running[job.id] = process }
            return state.isStopping
        }
        defer { state.withLock { if $0.running[job.id] === process { $0.running[job.id] = nil } } }
        guard !isRefused else {
            _ = try? store.change(job.id) { Self.putBack(&$0) }
            return
        }
        // A job that was cancelled between being claimed and being begun.
        if (try? store.job(job.id))??.state != .running { return }
        let outcome: WorkerProcess.Outcome
        do {
            outcome = try run(process, job)
        } catch let refusal as Refusal {
            outcome = .failed(refusal.message, isFinal: true)
        } catch {
            outcome = .failed((error as? SakugaError)?.message ?? "\(error)", isFinal: false)
        }
        _ = try? store.change(job.id) { current in
            current.stored = folders.size(job.id)
            // It may have been cancelled, queued again and begun by another worker while this one ended.
            if current.started == job.started { finish(&current, outcome) }
            return true
        }
    }

    /// Makes an attempt within the limits.
    private func run(_ process: WorkerProcess, _ job: Job) throws -> WorkerProcess.Outcome {
        let output = try folders.freshOutput(job.id)
        var jobLimits = jobLimits
        try folders.checkDisk(for: 0, reserve: limits.freeDisk)
        let room = min(try store.room(for: job, limits), folders.freeBytes - limits.freeDisk)
        guard room > 0 else { throw Refusal(.insufficientStorage, "there is no room for a result") }
        jobLimits.process.file = min(jobLimits.process.file, max(room, Self.leastRoom))
        let order = WorkOrder(
            input: try folders.input(job).path, folder: output.path, options: job.options, streams: cores,
            limits: jobLimits, networks: folders.networks.path, cluster: cluster)
        return try process.run(
            executable, "worker", order, log: folders.log(job.id),
            timeout: limits.attempt > 0 ? limits.attempt : nil)
    }

    /// Notes how an attempt ended, unless the job was cancelled meanwhile.
    private func finish(_ job: inout Job, _ outcome: WorkerProcess.Outcome) {
        guard job.state == .running else { return }
        job.finished = Date.now.timeIntervalSince1970
        switch outcome {
        case .done(let frames):
            guard let result = folders.result(job.id) else {
                (job.state, job.error) = (.failed, "the worker left no result")
                return
            }
            (job.state, job.result, job.frames, job.error) = (.done, result.lastPathComponent, frames, nil)
        case .failed(let reason, let isFinal):
            job.error = folders.withoutPaths(reason, of: job)
            job.state = isFinal || job.attempts >= Self.mostAttempts ? .failed : .queued
        case .late:
            let minutes = Int((limits.attempt / 60).rounded(.up))
            (job.state, job.error) = (.failed, "drawing took longer than the \(minutes) minutes that there are")
        case .stopped: _ = Self.putBack(&job)
        }
    }

    private static func putBack(_ job: inout Job) -> Bool {
        guard job.state == .running else { return false }
        (job.state, job.started, job.finished) = (.queued, nil, nil)
        job.attempts -= 1
        return true
    }
}
