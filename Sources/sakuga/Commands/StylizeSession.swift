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

    /// What an interrupt finds under way.
    private final class CurrentJob: Sendable {
        enum Phase {
            /// Nothing has been written: the program can just end, also where opening the input blocks.
            case opening
            /// The output is being begun.
            case beginning
            case drawing(StylizeJob)
        }

        let phase = Mutex(Phase.opening)
    }

    init(progress: ProgressMode, verbose: Bool) {
        printer = ProgressPrinter(mode: progress)
        self.verbose = verbose
        if verbose {
            FFmpegLog.install { [printer] in printer.note("ffmpeg: \($0)") }
        }
    }

    /// Says something worth knowing before the work begins.
    func note(_ message: String) { printer.note(message) }

    /// - Throws: the error of the only request; of several, each error is printed and the first one's code thrown at the end.
    func run(_ requests: [StylizeRequest]) throws {
        let interrupt = makeInterrupt()
        var firstFailure: SakugaError?
        var failures = 0
        for request in requests {
            if interrupt.isRequested { break }
            do {
                try run(request, until: interrupt)
            } catch let error as SakugaError where requests.count > 1 && error.code != .interrupted {
                printer.clear()
                printer.warn("'\(request.input)' is skipped: \(error.message)")
                firstFailure = firstFailure ?? error
                failures += 1
            }
        }
        if interrupt.isRequested { throw SakugaError(.interrupted, "stopped") }
        if let firstFailure {
            throw SakugaError(firstFailure.code, "\(failures) of \(requests.count) inputs could not be drawn")
        }
    }

    private func makeInterrupt() -> Interrupt {
        Interrupt { [current, printer] in
            let job = current.phase.withLock { phase -> StylizeJob? in
                switch phase {
                case .opening: Self.quit(printer)
                case .beginning: nil
                case .drawing(let job): job
                }
            }
            job?.stop()
        } cleaning: { [current] in
            if case .drawing(let job) = current.phase.withLock({ $0 }) { job.abandon() }
        }
    }

    /// Ends the program where nothing has been drawn.
    private static func quit(_ printer: ProgressPrinter) -> Never {
        printer.clear()
        let ending = ErrorPrinter(arguments: CommandLine.arguments)
            .ending(for: SakugaError(.interrupted, "stopped before the first frame"))
        TerminalScreen.standardError.write(ending.errorOutput)
        // Not exit(3): its handlers would wait for the input that is being opened.
        _exit(ending.code)
    }

    private func run(_ request: StylizeRequest, until interrupt: Interrupt) throws {
        let began = ContinuousClock.now
        current.phase.withLock { $0 = .opening }
        defer { current.phase.withLock { $0 = .opening } }
        let job = try StylizeJob(request) { [current] in current.phase.withLock { $0 = .beginning } }
        current.phase.withLock { $0 = .drawing(job) }
        if interrupt.isRequested { job.stop() }
        job.notes.forEach(printer.warn)
        if job.drawnBefore > 0 { printer.note("\(job.drawnBefore) frames are there from an earlier run") }
        let tracker = ProgressTracker(frames: job.expectedFrames)
        let event = StartEvent(
            input: request.input, output: job.outputPath,
            preset: request.model.map { URL(fileURLWithPath: $0).lastPathComponent } ?? request.preset,
            width: job.width, height: job.height,
            frames: job.expectedFrames)
        printer.start(event) { tracker.progress(timings: job.timings) }
        let summary = try job.run(tracker: tracker)
        let seconds = (ContinuousClock.now - began).seconds
        summary.warnings.forEach(printer.warn)
        if verbose { printer.note(TimingsTable.text(summary.timings)) }
        if summary.wasStopped { throw stopped(summary) }
        if summary.remainder == .gaps { return try self.run(request, until: interrupt) }
        printer.done(DoneEvent(output: job.outputPath, frames: summary.frames, seconds: seconds))
    }

    private func stopped(_ summary: StylizeJob.Summary) -> SakugaError {
        printer.clear()
        if summary.remainder == .stopped {
            return SakugaError(.interrupted, "stopped", hint: "the same command goes on from what is drawn")
        }
        guard let output = summary.output else {
            return SakugaError(.interrupted, "stopped before the first frame")
        }
        let frames = summary.frames == 1 ? "1 frame" : "\(summary.frames) frames"
        return SakugaError(
            .interrupted, "stopped after \(frames)" + (output == "-" ? "" : "; what is drawn is in '\(output)'"))
    }
}
