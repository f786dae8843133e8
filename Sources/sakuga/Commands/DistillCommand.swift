import ArgumentParser
import Foundation
import Frames
import Inference
import Model
import Stylize
import Training

struct DistillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Trains a fast generator to draw like a slow one.",
        discussion: """
            The teacher, any preset or any network that `stylize --model` takes, draws the photographs; a small generator \
            then learns to draw the same, and to hold still while it does. A heavy style becomes one for real time. \
            Variants (--seed) change temperature, saturation and brightness. A network's licence also covers what is \
            distilled from it. Everything else is as with `sakuga train`.

            EXAMPLES
              sakuga distill --teacher AnimeGANv3.onnx --photos photos/ -o presets/mine
              sakuga distill --teacher anime:studio --photos photos/ -o presets/anime --size live
            """)

    @Option(help: "The teacher: a preset, or the file of a network.")
    var teacher: String

    @Option(help: "The range of a network's values, where it is not found out: -1..1, 0..1 or 0..255.")
    var modelRange: ModelRange?

    @Option(help: "The folder of photographs to learn to draw.")
    var photos: String

    @Option(name: .shortAndLong, help: "The preset's folder.")
    var output: String

    @OptionGroup(title: "Training") var options: TrainingOptions

    @Option(help: "How to show progress.")
    var progress = ProgressMode.auto

    func run() throws {
        let session = TrainingSession(output: output, options: options, progress: progress)
        try session.run({
            var plan = try options.plan()
            plan.grading = .neutral
            // What stays of the photograph is for the teacher to decide.
            plan.contentStages = []
            return plan
        }) { session, side in
            let painter = try Painter(request)
            let photos = try session.read(photos, side: side, "photographs")
            session.note("The teacher draws \(photos.count) photographs")
            let pairs = try zip(photos, painter.drawings(of: photos)).map(TrainingPicture.init(photo:drawing:))
            return .init(photos: pairs, art: pairs.map(\.drawing))
        }
    }

    /// The teacher is a network where there is such a file, and else a preset.
    private var request: StylizeRequest {
        var request = StylizeRequest(input: "", output: nil, preset: teacher)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: teacher, isDirectory: &isFolder), !isFolder.boolValue {
            (request.model, request.modelRange) = (teacher, modelRange)
        }
        return request
    }
}
