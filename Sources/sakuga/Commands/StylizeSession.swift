import Foundation
import Frames
import Media
import Pipeline
import Stylize
import Synchronization

/// Runs requests one after the other, shows their progress, and stops cleanly on Ctrl-C.
final class StylizeSession {
    private let printer: ProgressPrinter
    private let verbose: Bool
    private let current = CurrentJob()

    /// The job that an interrupt stops.
    private final class CurrentJob: Sendable {
        let job = Mutex<StylizeJob?>(nil)
    }

    init(progress: ProgressMode, verbose: Bool) {
        printer = ProgressPrinter(mode: progress)
        self.verbose = verbose
        if verbose {
            FFmpegLog.install { [printer] in printer.note("ffmpeg: \($0)") }
        }
    }

    /// - Throws: the error of the only request; of several, each error is printed and the first one's code thrown at the end.
    func run(_ requests: [StylizeRequest]) throws {
        let interrupt = Interrupt { [current] in current.job.withLock { $0?.stop() } }
        var firstFailure: SakugaError?
        var failures = 0
        for request in requests {
            if interrupt.isRequested { break }
            do {
                try run(request)
            } catch let error as SakugaError where requests.count > 1 && error.code != .interrupted {
                printer.clear()
                printer.warn("'\(request.input)' is skipped: \(error.message)")
                firstFailure = firstFailure ?? error
                failures += 1
            }
        }
        if interrupt.isRequested, firstFailure == nil { throw SakugaError(.interrupted, "stopped") }
        if let firstFailure {
            throw SakugaError(firstFailure.code, "\(failures) of \(requests.count) inputs could not be drawn")
        }
    }

    private func run(_ request: StylizeRequest) throws {
        let began = ContinuousClock.now
        let job = try StylizeJob(request)
        current.job.withLock { $0 = job }
        defer { current.job.withLock { $0 = nil } }
        job.notes.forEach(printer.warn)
        let tracker = ProgressTracker(frames: job.expectedFrames)
        let event = StartEvent(
            input: request.input, output: job.outputPath, preset: request.preset, width: job.width, height: job.height,
            frames: job.expectedFrames)
        printer.start(event) { tracker.progress(timings: job.timings) }
        let summary = try job.run(tracker: tracker)
        let seconds = (ContinuousClock.now - began).seconds
        summary.warnings.forEach(printer.warn)
        if verbose { printer.note(TimingsTable.text(summary.timings)) }
        if summary.wasStopped {
            printer.clear()
            throw SakugaError(
                .interrupted, "stopped after \(summary.frames) frames; what is drawn is in '\(summary.output)'")
        }
        printer.done(DoneEvent(output: summary.output, frames: summary.frames, seconds: seconds))
    }
}
