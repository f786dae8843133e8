internal import Foundation
internal import Frames
internal import Inference
internal import Media
internal import Model
internal import Temporal

/// The drawing of a film in segments that outlive the program: where it goes on, and how it becomes the film.
final class SegmentedRender: @unchecked Sendable {
    // @unchecked Sendable: `recorder` belongs to the encode stage, `firstPicture` to the decode stage; the rest is immutable.

    /// What decides what is drawn.
    struct Drawing {
        var request: StylizeRequest
        var choice: GeneratorChoice
        var strength: Double
        var smoothing: SmoothingStrength
        var width: Int
        var height: Int
    }

    let encoder: SegmentEncoder
    let recorder: SegmentRecorder
    /// Reads on where drawing goes on.
    let reader: MediaReader
    /// The reader's first picture, where it was looked at already.
    let firstPicture: Picture?
    let rule: SegmentRule
    /// All segments are there: they only have to be joined.
    let isDrawn: Bool
    let drawnBefore: Int
    private let drawing: Drawing
    private let output: OutputPlan
    private let file: OutputFile
    private let folder: RenderFolder

    /// Looks for what is drawn already.
    ///
    /// - Throws: `.usage` where the input or the output is none that can be gone on with.
    init(_ drawing: Drawing, _ opened: MediaReader, _ output: OutputPlan, _ file: OutputFile) throws {
        (self.drawing, self.output, self.file) = (drawing, output, file)
        try Self.check(drawing.request, opened, output, file)
        folder = RenderFolder(for: file.path)
        let plan = RenderPlan(
            input: try ContentHash.digest(of: URL(fileURLWithPath: drawing.request.input)),
            options: try Self.options(drawing, output), zero: opened.zero)
        let segments = try folder.open(plan).segments
        isDrawn = segments.last.map { $0.next == nil } ?? false
        drawnBefore = segments.reduce(0) { $0 + $1.encoded.times.count }
        encoder = try SegmentEncoder(
            plan: output, name: file.path, reader: opened, output: drawing.request.outputOptions, width: drawing.width,
            height: drawing.height)
        recorder = SegmentRecorder(folder, encoder, drawn: segments)
        if let start = segments.last.flatMap(RenderStart.init(after:)) {
            rule = SegmentRule(start.next.begin, at: start.next.first)
            (reader, firstPicture) = try Self.reader(drawing.request, start, opened)
        } else {
            (rule, reader, firstPicture) = (SegmentRule(), opened, nil)
        }
    }

    private static func check(
        _ request: StylizeRequest, _ reader: MediaReader, _ output: OutputPlan, _ file: OutputFile
    ) throws(SakugaError) {
        let isFile =
            (try? FileManager.default.attributesOfItem(atPath: request.input))?[.type] as? FileAttributeType
            == .typeRegular
        guard isFile, !reader.info.isStill, !output.isPictureFile, !file.isStream else {
            throw SakugaError(
                .usage, "only the drawing of a film file into a film file can be resumed",
                hint: "leave --resume out")
        }
    }

    /// Reads on from a place in the film: by seeking, where that leads to the very picture, else by decoding all before it.
    private static func reader(
        _ request: StylizeRequest, _ start: RenderStart, _ opened: MediaReader
    ) throws -> (MediaReader, Picture?) {
        var options = request.inputOptions
        // Making interlaced pictures progressive looks back too.
        if !opened.picture.isDeinterlaced {
            options.resumption = .init(number: start.number, ticks: start.ticks, zero: opened.zero)
            if let reader = try? MediaReader(request.input, options: options), let picture = try reader.nextPicture(),
                picture.timestamp.ticks == start.ticks
            {
                return (reader, picture)
            }
        }
        for _ in 0..<start.number { _ = try opened.nextPicture() }
        guard let picture = try opened.nextPicture(), picture.timestamp.ticks == start.ticks else {
            throw SakugaError(.software, "picture \(start.number) of '\(request.input)' is not where it was")
        }
        return (opened, picture)
    }

    /// Joins the segments beside the film's other streams. Returns how many damaged packets of those are left out.
    func join() throws -> Int {
        let original = try MediaReader(drawing.request.input, options: drawing.request.inputOptions)
        let writer = try MediaWriter(
            url: file.workingPath, name: file.path, plan: output, reader: original,
            output: drawing.request.outputOptions, width: drawing.width, height: drawing.height)
        let segments = recorder.segments
        let join = SegmentJoin(segments.map(\.encoded), into: writer, reader: original)
        for (number, segment) in segments.enumerated() { try join.add(segment.encoded, folder.bytes(number)) }
        try join.finish(trimmed: segments.last?.wasTrimmed == true)
        return writer.lostPackets
    }

    func removeFolder() { folder.remove() }

    /// Whatever changes a picture or its encoding, by name.
    private static func options(_ drawing: Drawing, _ output: OutputPlan) throws -> [String: String] {
        let request = drawing.request
        var options: [String: String] = [
            "size": "\(drawing.width)x\(drawing.height)", "seed": "\(request.seed)", "strength": "\(drawing.strength)",
            "smoothing": drawing.smoothing.rawValue, "keep_color": "\(request.keepsColor)",
            "tileable": "\(request.isTileable)", "container": output.container,
            "device": request.inference.device, "precision": request.inference.precision.rawValue,
            "memory": "\(request.inference.memoryLimit)", "encoder": request.outputOptions.encoder.name ?? "usual",
        ]
        switch drawing.choice {
        case .preset(let choice):
            options["preset"] = "\(choice.preset.name):\(choice.size.name)"
            options["weights"] = try ContentHash.digest(of: choice.size.weightsFile)
            options["generator"] = String(
                decoding: try JSONEncoder.sorted.encode(choice.size.generator), as: UTF8.self)
        case .foreign(let file):
            options["model"] = try ContentHash.digest(of: file)
            options["model_range"] = request.modelRange.map { "\($0)" } ?? "auto"
        }
        let input = request.inputOptions
        options["start"] = input.start.map { "\($0)" }
        options["end"] = input.end.map { "\($0)" }
        options["frames"] = input.frameLimit.map { "\($0)" }
        options["input_format"] = input.format
        options["deinterlaces"] = "\(input.deinterlaces)"
        options["upright"] = "\(input.turnsUpright)"
        let encoder = request.outputOptions.encoder
        options["crf"] = encoder.crf.map { "\($0)" }
        options["encoder_preset"] = encoder.preset
        options["pixel_format"] = encoder.pixelFormat
        for (name, value) in encoder.options { options["encoder.\(name)"] = value }
        return options
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}

