import ArgumentParser
import Foundation
import Frames
import Media
import Model
import Stylize
import Training

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a style of your own from pictures.",
        discussion: """
            A generator learns to draw photographs, first from simplified photographs alone, then against a discriminator \
            that is shown the pictures of the style (AnimeGAN). Checkpoints, contact sheets (photograph, drawing, two \
            variants) and the losses go to a folder of their own; Ctrl-C saves, --resume goes on. Training needs libtorch: \
            see `make training`, and `make vgg` for the features that it compares pictures with.

            EXAMPLES
              sakuga train --style my-art/ --photos my-photos/ -o presets/mine
              sakuga train --style my-art/ --photos my-photos/ -o presets/mine --resume
              sakuga train --style art/ --photos photos/ -o presets/mine --recipe recipes/anime.json --size studio
            """)

    @Option(help: "The folder of pictures in the style.")
    var style: String

    @Option(help: "The folder of photographs to learn to draw.")
    var photos: String

    @Option(name: .shortAndLong, help: "The preset's folder.")
    var output: String

    @OptionGroup(title: "Training") var options: TrainingOptions

    @Option(help: "How to show progress.")
    var progress = ProgressMode.auto

    func run() throws {
        try TrainingSession(output: output, options: options, progress: progress).run(options.plan) { session, side in
            let photos = try session.read(photos, side: side, "photographs").map(TrainingPicture.init)
            let art = try session.read(style, side: side, "pictures of the style").map(TrainingPicture.init)
            session.note("Simplifying \(photos.count) photographs")
            return .init(photos: photos, art: art)
        }
    }
}

struct TrainingOptions: ParsableArguments {
    @Option(help: "A JSON file with other values for the plan of the training.")
    var recipe: String?

    @Option(help: "The size of the generator: live or studio.")
    var size = "live"

    @Option(help: "Steps altogether, the initial phase among them.")
    var steps: Int?

    @Option(help: "Photographs in a step.")
    var batch: Int?

    @Option(help: "Sides of the crops in pixels, a multiple of 16.")
    var crop: Int?

    @Option(help: "Another seed makes another training.")
    var seed: UInt64?

    @Option(help: "Where to train: cpu or cuda.")
    var device = "cpu"

    @Option(help: "f32 or bf16 (default: bf16 where the processor has instructions for it).")
    var precision: String?

    @Option(help: "Threads; 0 for as many as there are cores.")
    var threads = 0

    @Flag(help: "Go on from the last checkpoint.")
    var resume = false

    @Option(help: "Where checkpoints, sheets and losses go (default: checkpoints/NAME-SIZE).")
    var work: String?

    @Option(help: "A folder of photographs for the contact sheet (default: the first of --photos).")
    var sheetPhotos: String?

    @Option(help: "Steps between contact sheets.")
    var sheetEvery = 500

    @Option(help: "Steps between checkpoints.")
    var checkpointEvery = 250

    @Option(help: "The features' weights (default: see `sakuga help evaluate-style`).")
    var vgg: String?

    @Option(help: "The preset's title and licence, where it is new.")
    var title: String?

    @Option(help: "What the preset's sources allow, as an SPDX name.")
    var licence = "unknown"

    @Option(help: "How many processes share every batch, each started with its own --rank.")
    var processes = 1

    @Option(help: "Which of the processes this is, from 0; the first one writes the files.")
    var rank = 0

    @Option(help: "A new file in which the processes meet.")
    var meet: String?

    func validate() throws {
        guard (1...64).contains(processes), (0..<processes).contains(rank), processes == 1 || meet != nil else {
            throw ValidationError("--processes needs --meet, and --rank from 0 up to one less than --processes.")
        }
        guard ["live", "studio"].contains(size) else { throw ValidationError("--size must be live or studio.") }
        guard Torch.Device(rawValue: device) != nil else { throw ValidationError("--device must be cpu or cuda.") }
        if let precision, TrainingPlan.Precision(rawValue: precision) == nil {
            throw ValidationError("--precision must be f32 or bf16.")
        }
        if let crop, !(96...512).contains(crop) || crop % 16 != 0 {
            throw ValidationError("--crop must be a multiple of 16 between 96 and 512.")
        }
        if let batch, !(1...256).contains(batch) { throw ValidationError("--batch must be between 1 and 256.") }
        if let steps, !(1...10_000_000).contains(steps) { throw ValidationError("--steps must be at least 1.") }
        if sheetEvery < 1 || checkpointEvery < 1 {
            throw ValidationError("Steps between sheets and checkpoints must be at least 1.")
        }
    }

    /// The plan for a generator, with the recipe's values and then those of the command line.
    func plan() throws -> TrainingPlan {
        let generator = try size == "studio" ? TrainingPlan.studioGenerator() : TrainingPlan.liveGenerator()
        var plan = TrainingPlan(generator: generator)
        // Wider layers explode at the rate of narrow ones.
        if size == "studio" {
            (plan.initialSteps, plan.steps) = (2200, 3600)
            (plan.initialRate, plan.generatorRate) = (8e-4, 5e-4)
        }
        if let recipe {
            guard let data = FileManager.default.contents(atPath: recipe) else {
                throw SakugaError(.noInput, "cannot read recipe '\(recipe)'")
            }
            plan = try plan.reading(recipe: data, named: recipe)
        }
        if let steps {
            plan.initialSteps = plan.initialSteps * steps / plan.steps
            plan.steps = steps
        }
        if let batch { (plan.batch, plan.initialBatch) = (batch, batch * 2) }
        if let crop { plan.crop = crop }
        if let seed { plan.seed = seed }
        guard plan.batch % processes == 0, plan.initialBatch % processes == 0 else {
            throw SakugaError(
                .usage,
                "\(processes) processes cannot share batches of \(plan.initialBatch) and \(plan.batch) photographs",
                hint: "choose a --batch that is a multiple of \(processes)")
        }
        return plan
    }
}
