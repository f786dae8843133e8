internal import Foundation
internal import Frames
internal import Inference
internal import Media
internal import Model
internal import Temporal

/// A run as it was understood: the input is open, and everything that is drawn and written is decided.
struct StylizeSetup {
    let request: StylizeRequest
    let choice: GeneratorChoice
    let reader: MediaReader
    let name: OutputName
    let output: OutputPlan
    /// Of the drawn pictures.
    let width: Int
    let height: Int
    let strength: Double
    let smoothing: SmoothingStrength

    var outputPath: String { name.path }

    init(_ request: StylizeRequest, presets: PresetLibrary) throws {
        self.request = request
        choice = try GeneratorChoice(request, presets: presets)
        strength = request.strength ?? choice.defaultStrength
        smoothing = request.smoothing ?? (request.isTileable ? .off : choice.defaultSmoothing)
        reader = try MediaReader(request.input, options: request.inputOptions)
        name = try OutputName(request, isStill: reader.info.isStill, preset: choice.name)
        output = try OutputPlan.make(for: reader, output: name.path, options: request.outputOptions)
        (width, height) = try Self.size(request, reader.picture, output)
    }

    /// The destination, checked and not begun.
    func outputFile() throws -> OutputFile {
        try OutputFile(
            path: outputPath, inputs: [request.input], overwrites: request.overwrites, makesFolder: name.makesFolder,
            holdsPictures: output.container == "image2")
    }

    /// A film in a file that becomes a film.
    var isFilmFile: Bool {
        let file = URL(fileURLWithPath: request.input).resolvingSymlinksInPath().path
        let type = (try? FileManager.default.attributesOfItem(atPath: file))?[.type] as? FileAttributeType
        return type == .typeRegular && !reader.info.isStill && !output.isPictureFile
    }

    private static func size(
        _ request: StylizeRequest, _ picture: PictureDescription, _ plan: OutputPlan
    ) throws(SakugaError) -> (Int, Int) {
        var (width, height) = (picture.width, picture.height)
        switch request.size {
        case .input: break
        case .exactly(let wanted, let other): (width, height) = (wanted, other)
        case .scaled(let factor):
            width = Int((Double(width) * factor).rounded())
            height = Int((Double(height) * factor).rounded())
        }
        if request.size != .exactly(width: width, height: height) {
            if plan.wantsEvenSides(request.outputOptions.encoder) {
                width -= width % 2
                height -= height % 2
            }
            (width, height) = (max(width, 2), max(height, 2))
        }
        let sides = Generator.sides
        guard sides.contains(width), sides.contains(height) else {
            let isSmall = min(width, height) < sides.lowerBound
            throw SakugaError(
                .usage,
                "cannot draw pictures of \(width)×\(height) pixels, sides must be \(sides.lowerBound) to "
                    + "\(sides.upperBound)", hint: "draw them \(isSmall ? "larger" : "smaller") with --size or --scale")
        }
        return (width, height)
    }

    /// How many pictures there are, where that is known.
    var expectedFrames: Int? {
        let (info, options) = (reader.info, request.inputOptions)
        guard let index = info.drawnStream, let video = info.streams[index].video else { return nil }
        if info.isStill { return 1 }
        var count = video.frameCount.map(Double.init)
        if count == nil || options.start != nil || options.end != nil {
            guard let duration = info.streams[index].duration ?? info.duration, video.frameRate > 0 else {
                return options.frameLimit
            }
            let range = min(options.end ?? duration, duration) - (options.start ?? 0)
            count = (range * video.frameRate).rounded(.up)
        }
        // A damaged header may claim anything.
        guard let count, count >= 0, count < 1e12 else { return options.frameLimit }
        return min(Int(count), options.frameLimit ?? Int.max)
    }
}
