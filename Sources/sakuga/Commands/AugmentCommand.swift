import ArgumentParser
import Foundation
import Frames
import Model
import Pipeline
import Stylize

struct AugmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "augment",
        abstract: "Makes drawings of a data set's pictures, labels included, for training.",
        discussion: """
            Every picture of the folder is drawn several times, each time with another style code and strength. Width, \
            height and everything in the picture stay where they are, so that boxes, masks and keypoints stay valid: \
            turned photographs are drawn as they are stored, and the drawings say in the same way how they are to be \
            turned. The drawing of dog.jpg with seed 3 is dog-s3.jpg, in the same place of the output folder.

            Labels come along: YOLO's dog.txt becomes dog-s3.txt, beside the picture or in a tree of labels; in COCO's \
            JSON files every drawing becomes an image with annotations of its own; data.yaml, classes.txt and their like \
            are copied. Pictures in folders named masks, labels, annotations or segmentation and PNG files with a \
            palette are taken for label images and copied for every drawing, as is what --copy names.

            Run again, it goes on where it stopped. manifest.jsonl says how each output was made; the same pictures and \
            options give the same outputs.

            EXAMPLES
              sakuga augment coco/ -o drawn/ --variants 4
              sakuga augment yolo/ -o more/ --variants 2 --seed 10 --strength 0.3..0.8
              sakuga augment faces/ -o drawn/ --variants 3 --copy '*.npy' --copy 'depth/'
              sakuga augment yolo/ -o both/ --variants 1 --keep-original
            """)

    @Argument(help: "The folder with pictures and labels.")
    var folder: String

    @Option(name: .shortAndLong, help: "The folder to write.")
    var output: String

    @Option(parsing: .unconditional, help: "Drawings of each picture.")
    var variants: Int

    @Option(name: .shortAndLong, help: "The preset: a name from `sakuga presets`, NAME:SIZE, or a folder.")
    var preset = PresetLibrary.standard

    @Option(
        parsing: .unconditional,
        help: "The first variant's seed; the next have the numbers that follow. 0 is the preset's own look.")
    var seed: UInt64 = 0

    @Option(parsing: .unconditional, help: "Between which strengths each drawing's own is drawn, or one for all.")
    var strength = StrengthRange(0.5...1)

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Files to copy for every variant, not to draw: *.npy, masks/, depth/**/*.png. Repeatable.")
    var copy: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Pictures to draw although they look like label images. Repeatable.")
    var draw: [String] = []

    @Flag(help: "Let the pictures and their labels themselves come along.")
    var keepOriginal = false

    @Flag(help: "Replace outputs that exist, finished ones too.")
    var overwrite = false

    @OptionGroup(title: "Machine") var machine: MachineOptions

    @Option(help: "How to show progress: auto, plain, json or none.")
    var progress = ProgressMode.auto

    func validate() throws {
        guard (1...1000).contains(variants) else {
            throw ValidationError("--variants must be between 1 and 1000, not \(variants).")
        }
        guard seed <= UInt64.max - 1000 else {
            throw ValidationError("--seed must leave room for the variants' numbers.")
        }
        guard !output.isEmpty, output != "-" else { throw ValidationError("--output must name a folder.") }
    }

    func run() throws {
        let began = ContinuousClock.now
        let job = try AugmentJob(request())
        let interrupt = Interrupt {
            job.stop()
        } cleaning: {
            job.abandon()
        }
        let printer = ProgressPrinter(mode: progress, unit: .pictures)
        job.notes.forEach(printer.note)
        let tracker = ProgressTracker(frames: job.expectedDrawings)
        printer.start(
            StartEvent(input: folder, output: output, preset: preset, frames: job.expectedDrawings)
        ) { tracker.progress() }
        let summary = try job.run(tracker: tracker) { printer.warn($0) }
        if interrupt.isRequested, summary.wasStopped {
            printer.clear()
            let pictures = summary.drawings == 1 ? "1 picture" : "\(summary.drawings) pictures"
            throw SakugaError(
                .interrupted, "stopped after \(pictures)", hint: "give the same command again to go on")
        }
        if summary.finishedBefore > 0 {
            printer.note("\(summary.finishedBefore) of the drawings were finished before")
        }
        printer.done(
            DoneEvent(output: output, frames: summary.drawings, seconds: (ContinuousClock.now - began).seconds))
    }

    private func request() throws -> AugmentRequest {
        var request = AugmentRequest(folder: folder, output: output, preset: preset, variants: variants)
        request.seed = seed
        request.strength = strength.range
        request.copied = copy
        request.drawn = draw
        request.keepsOriginals = keepOriginal
        request.overwrites = overwrite
        request.inference = try machine.inferenceOptions()
        request.version = Version.current
        return request
    }
}

/// Strengths on the command line: `0.5..1`, or one number.
struct StrengthRange: ExpressibleByArgument, CustomStringConvertible {
    var range: ClosedRange<Double>

    init(_ range: ClosedRange<Double>) { self.range = range }

    init?(argument: String) {
        let ends = argument.components(separatedBy: "..").map { Double($0) }
        guard ends.count <= 2, let least = ends[0], let most = ends[ends.count - 1], 0 <= least, least <= most,
            most <= 1
        else { return nil }
        range = least...most
    }

    var description: String { "\(range.lowerBound)..\(range.upperBound)" }
}
