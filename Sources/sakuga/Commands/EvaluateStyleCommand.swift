import ArgumentParser
import Foundation
import Frames
import Inference
import Stylize

struct EvaluateStyleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate-style",
        abstract: "Measures how near a preset's drawings come to a body of art.",
        discussion: """
            Test photographs are drawn with seed 0 at full strength and looked at through VGG16, beside the photographs \
            themselves and the art. Use pictures that were not trained on. Style distance is the kernel inception \
            distance of 128x128 patches, a squared distance; its ratio is that of the drawings to that of the \
            photographs. Content similarity is 1 where the drawing shows all that the photograph does; equivariance is \
            the difference between the drawing of a moved, noisy photograph and the moved drawing. `make vgg` fetches \
            VGG16, which is looked for in SAKUGA_VGG, ~/.cache/sakuga/vgg16.safetensors and .deps/vgg16.safetensors.

            EXAMPLES
              sakuga evaluate-style cel --photos photos/test --art art/anime/test
              sakuga evaluate-style -m AnimeGANv3.onnx --photos photos/test --art art/anime/test --json
            """)

    @Argument(help: "The preset: a name from `sakuga presets`, NAME:SIZE, or a folder.")
    var preset: String?

    @Option(name: .shortAndLong, help: "A foreign generator instead: a network as .onnx, .pb or .tflite.")
    var model: String?

    @Option(
        parsing: .unconditional,
        help: "The range of colours of the foreign generator: -1..1, 0..1 or 0..255. (default: found out)")
    var modelRange: ModelRange?

    @Option(help: "A folder of photographs.")
    var photos: String

    @Option(parsing: .unconditionalSingleValue, help: "A folder of art; may be repeated.")
    var art: [String]

    @Option(help: "The file with VGG16's weights. (default: looked for)")
    var vgg: String?

    @Option(help: "Reduce pictures so that their longer side has this many pixels.")
    var side = 640

    @Option(help: "Patches to look at in photographs, drawings and each folder of art.")
    var patches = 2048

    @Option(help: "Pictures to take from each folder, at most.")
    var pictures = 200

    @OptionGroup(title: "Machine") var machine: MachineOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if preset == nil, model == nil { throw ValidationError("Give a preset, or a network with --model.") }
        if preset != nil, model != nil { throw ValidationError("Give a preset or --model, not both.") }
        if !(256...1280).contains(side) { throw ValidationError("--side must be between 256 and 1280 pixels.") }
        if !(2...10_000).contains(patches) { throw ValidationError("--patches must be between 2 and 10000.") }
        if !(2...10_000).contains(pictures) { throw ValidationError("--pictures must be between 2 and 10000.") }
    }

    func run() throws {
        var request = StyleRequest(preset: preset, model: model, photos: photos, art: art)
        request.modelRange = modelRange
        request.weights = vgg
        (request.side, request.patches, request.pictures) = (side, patches, pictures)
        request.inference = try machine.inferenceOptions()
        func say(_ message: String) { TerminalScreen.standardError.write(message + "\n") }
        let evaluation = try StyleEvaluation(request, report: say) { say("warning: \($0)") }
        let report = try evaluation.run(report: say)
        if json {
            print(try JSONResult.text(report))
        } else {
            StyleText.lines(report).forEach { print($0) }
        }
    }
}
