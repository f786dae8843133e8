import ArgumentParser
import Foundation
import Frames
import Media
import Pipeline
import Stylize

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Puts two videos or pictures into one, to compare them.",
        discussion: """
            EXAMPLES
              sakuga compare in.mp4 in.anime.mp4 -o both.mp4             side by side
              sakuga compare in.mp4 in.anime.mp4 -o a.mp4 --wipe         a line sweeps
              sakuga compare a.png b.png -o c.png --wipe --position 0.5  it stands still
            """)

    @Argument(help: "The first video: its size, timing and sound are kept.")
    var first: String

    @Argument(help: "The second video of the same scene.")
    var second: String

    @Option(name: .shortAndLong, help: "The file to write.")
    var output: String

    @Flag(help: "Show both in one picture, divided by a line, instead of side by side.")
    var wipe = false

    @Option(help: "Where the line stands, 0 (left) to 1 (right). (default: it sweeps to and fro)")
    var position: Double?

    @Flag(help: "Replace the output if it exists.")
    var overwrite = false

    @Option(help: "How to show progress: auto, plain, json or none.")
    var progress = ProgressMode.auto

    func validate() throws {
        if let position {
            guard wipe else { throw ValidationError("--position goes with --wipe.") }
            guard (0...1).contains(position) else { throw ValidationError("--position must be between 0 and 1.") }
        }
    }

    func run() throws {
        let began = ContinuousClock.now
        let job = try ComparisonJob(
            first, second, output: output, layout: wipe ? .wipe(position: position) : .sideBySide,
            options: OutputOptions(), overwrites: overwrite)
        let interrupt = Interrupt {
            job.stop()
        } cleaning: {
            job.abandon()
        }
        let printer = ProgressPrinter(mode: progress)
        let tracker = ProgressTracker(frames: job.expectedFrames)
        printer.start(
            StartEvent(
                input: first, output: output, preset: "compare", width: job.width, height: job.height,
                frames: job.expectedFrames)
        ) { tracker.progress(timings: job.timings) }
        let result = try job.run(tracker: tracker)
        if interrupt.isRequested {
            printer.clear()
            throw SakugaError(.interrupted, "stopped; what is done is in '\(result.output)'")
        }
        printer.done(
            DoneEvent(output: result.output, frames: result.frames, seconds: (ContinuousClock.now - began).seconds))
    }
}
