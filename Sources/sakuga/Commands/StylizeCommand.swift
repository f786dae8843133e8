import ArgumentParser
import Foundation
import Frames
import Inference
import Media
import Model
import Pipeline
import Stylize

struct StylizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stylize",
        abstract: "Redraws videos and pictures.",
        discussion: """
            Every frame is redrawn by the preset's generator, smoothed over time and encoded again; sound, subtitles, \
            chapters and everything else in the file are carried over.

            EXAMPLES
              sakuga stylize holiday.mp4                      draws holiday.anime.mp4
              sakuga stylize holiday.mp4 -o drawn.mkv         into another container
              sakuga stylize clip.mov --start 1:05 --end 1:20 only a part
              sakuga stylize clip.mov --start 5 --frames 1 -o frame.png
                                                              one frame, to look at first
              sakuga stylize *.jpg -o drawn/                  many files into a folder
              sakuga stylize photos/ -o drawn/                all videos and pictures of a folder
              sakuga stylize film.mkv --resume                may be killed and run again
              sakuga stylize 'frames/%04d.png' -o drawn.mp4   a numbered sequence
              sakuga stylize 'in/%04d.png' -o 'out/%04d.png'  the same numbers again
              sakuga stylize sprites/ -o drawn/               sprites keep their cut-out
              sakuga stylize brick.png -o out.png --tileable  a texture that tiles
            """)

    @Argument(
        help:
            "Videos or pictures: files, folders of them, URLs, numbered sequences (frames/%04d.png), or - for standard input."
    )
    var inputs: [String]

    @Option(name: .shortAndLong, help: "The file to write, a folder with a slash at its end, or - for standard output.")
    var output: String?

    @OptionGroup(title: "Look") var look: LookOptions
    @OptionGroup(title: "Input") var source: SourceOptions
    @OptionGroup(title: "Output") var target: TargetOptions
    @OptionGroup(title: "Machine") var machine: MachineOptions

    @Flag(
        help:
            "Keep what is drawn of a film in OUTPUT.render until all of it is, and go on from what an earlier run has left there."
    )
    var resume = false

    @Option(help: "How to show progress: auto, plain, json or none.")
    var progress = ProgressMode.auto

    @Flag(help: "Show where the time goes, and FFmpeg's messages.")
    var verbose = false

    func validate() throws {
        // Resizing knows nothing beyond the edges.
        if look.tileable, target.size != nil || target.scale != nil {
            throw ValidationError("Give --tileable or a size, not both: change the size of the texture before.")
        }
    }

    func run() throws {
        let inputs = try StylizeInputs(inputs, output: output)
        let requests = try inputs.paths.map { try request(for: $0) }
        if requests.count > 1 { try StylizeBatch.check(requests) }
        let session = StylizeSession(progress: progress, verbose: verbose)
        inputs.notes.forEach(session.note)
        try session.run(requests)
    }

    private func request(for input: String) throws -> StylizeRequest {
        var request = try StylizeRequest(input: input, output: output, look, source, target, machine)
        request.resumes = resume
        return request
    }
}

extension StylizeRequest {
    /// What the options of a command line say.
    init(
        input: String, output: String?, _ look: LookOptions, _ source: SourceOptions, _ target: TargetOptions,
        _ machine: MachineOptions
    ) throws {
        self.init(input: input, output: output, preset: look.preset)
        model = look.model
        modelRange = look.modelRange
        seed = look.seed
        strength = look.strength
        keepsColor = look.keepColor
        isTileable = look.tileable
        smoothing = look.smoothing
        size = try target.drawnSize()
        inputOptions = try source.inputOptions()
        outputOptions = try target.outputOptions()
        inference = try machine.inferenceOptions()
        overwrites = target.overwrite
    }
}
