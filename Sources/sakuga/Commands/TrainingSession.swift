import Foundation
import Frames
import Media
import Model
import Stylize
import Training

/// One run of `sakuga train` or `sakuga distill`, from pictures to a preset.
final class TrainingSession {
    private let output: String
    private let options: TrainingOptions
    private let printer: TrainingPrinter
    private let folder: URL

    /// What a training learns from.
    struct Pictures {
        var photos: [TrainingPicture]
        var art: [TrainingPicture]
    }

    init(output: String, options: TrainingOptions, progress: ProgressMode) {
        (self.output, self.options) = (output, options)
        printer = TrainingPrinter(mode: progress)
        let name = URL(fileURLWithPath: output).lastPathComponent
        folder = URL(fileURLWithPath: options.work ?? "checkpoints/\(name)-\(options.size)")
    }

    func run(_ makePlan: () throws -> TrainingPlan, readPictures: (TrainingSession, _ side: Int) throws -> Pictures)
        throws
    {
        let preset = try PresetWriter(folder: URL(fileURLWithPath: output))
        let interrupt = Interrupt(handler: {})
        let torch = try Torch(device: Torch.Device(rawValue: options.device) ?? .cpu)
        torch.setThreads(options.threads > 0 ? options.threads : ProcessInfo.processInfo.activeProcessorCount)
        let checkpoint = try startingPoint()
        var plan = try checkpoint?.plan ?? makePlan()
        plan.precision = precision(of: plan, torch)
        let features = try FeatureNetwork(VGGWeights.load(options.vgg), torch)
        let read = try readPictures(self, plan.side)
        let pictures = try TrainingSet(
            photos: read.photos, art: read.art, abstraction: plan.abstraction, crop: plan.crop)
        let group = try options.meet.map {
            try ProcessGroup(meetingIn: $0, rank: options.rank, size: options.processes, torch)
        }
        let trainer = try Trainer(plan, pictures: pictures, features: features, torch: torch, group: group)
        if let checkpoint { try trainer.restore(checkpoint) }
        let sheet = try ContactSheet(of: sheetPictures(read.photos, side: plan.side), side: 256, torch: torch)
        let run = try TrainingRun(
            trainer, in: options.rank == 0 ? folder : nil, sheet: sheet,
            intervals: (options.checkpointEvery, options.sheetEvery),
            writePicture: { try PictureFile.write($0, to: $1) })
        let cost = String(format: "%.2f", plan.generator.gigaMACs(width: 640, height: 360))
        note(
            "Training '\(output)' (\(options.size), \(plan.generator.parameterCount) weights, \(cost) GMAC at 640x360) "
                + "from step \(trainer.step) to \(plan.steps), in '\(folder.path)'")
        try run.run(isStopped: { interrupt.isRequested }, progress: printer.show)
        printer.clear()
        if interrupt.isRequested {
            throw SakugaError(
                .interrupted, "stopped at step \(trainer.step); the training is saved in '\(folder.path)'",
                hint: "the same command with --resume goes on")
        }
        if options.rank == 0 { try finish(trainer, sheet, preset) }
    }

    /// What was asked for; else the plan's, where the device has instructions for it.
    private func precision(of plan: TrainingPlan, _ torch: Torch) -> TrainingPlan.Precision {
        if let given = options.precision.flatMap(TrainingPlan.Precision.init) { return given }
        guard plan.precision == .bf16, !torch.hasBFloat16 else { return plan.precision }
        note("This processor has no instructions for bfloat16: training in f32")
        return .f32
    }

    func note(_ message: String) { printer.note(message) }

    /// Reads the pictures of a folder, their longer sides reduced to `side`; those that cannot be read are named and left
    /// out.
    func read(_ folder: String, side: Int, _ kind: String) throws -> [PixelBuffer] {
        let pictures = try PictureFolder(folder, side: side, leastSide: 16, atLeast: 1) {
            printer.warn($0)
        }.pictures
        note("Read \(pictures.count) \(kind) from '\(folder)'")
        return pictures
    }

    private func startingPoint() throws -> Checkpoint? {
        let file = folder.appendingPathComponent(TrainingRun.checkpointName)
        let isThere = FileManager.default.fileExists(atPath: file.path)
        guard options.resume else {
            guard !isThere else {
                throw SakugaError(
                    .cannotCreate, "'\(folder.path)' holds a training already",
                    hint: "--resume goes on with it; or choose another --work")
            }
            return nil
        }
        guard isThere else {
            throw SakugaError(.noInput, "there is no checkpoint in '\(folder.path)'", hint: "begin without --resume")
        }
        return try Checkpoint(contentsOf: file)
    }

    private func sheetPictures(_ photos: [TrainingPicture], side: Int) throws -> [TrainingPicture] {
        guard let folder = options.sheetPhotos else { return Array(photos.prefix(6)) }
        return try read(folder, side: side, "photographs for the sheet").map(TrainingPicture.init)
    }

    /// Makes the preset, unless a part of its generator is dead.
    private func finish(_ trainer: Trainer, _ sheet: ContactSheet, _ preset: PresetWriter) throws {
        try sheet.liveness(of: trainer).require()
        let plan = trainer.plan
        let provenance: [String: Any] = [
            "steps": trainer.step,
            "command": (["sakuga"] + CommandLine.arguments.dropFirst()).joined(separator: " "),
            "plan": try JSONSerialization.jsonObject(with: JSONEncoder().encode(plan)),
        ]
        let name = preset.folder.lastPathComponent
        try preset.write(
            size: options.size, generator: plan.generator, weights: trainer.weights(),
            identity: .init(
                title: options.title ?? name.capitalized, summary: "Trained from pictures of a style.",
                licence: options.licence),
            provenance: JSONSerialization.data(withJSONObject: provenance))
        printer.note(
            "The preset is '\(output)': sakuga stylize YOUR-VIDEO.mp4 -p \(output):\(options.size)")
    }
}
