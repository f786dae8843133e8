import ArgumentParser
import Frames
import Inference
import Media
import Model
import Stylize
import Temporal

/// What the drawing looks like.
struct LookOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The preset: a name from `sakuga presets`, NAME:SIZE, or a folder.")
    var preset = PresetLibrary.standard

    @Option(
        name: .shortAndLong, help: "A foreign generator instead: an AnimeGAN-like network as .onnx, .pb or .tflite.")
    var model: String?

    @Option(
        parsing: .unconditional,
        help: "The range of colours of the foreign generator: -1..1, 0..1 or 0..255. (default: found out)")
    var modelRange: ModelRange?

    @Option(parsing: .unconditional, help: "Another variant of the look; 0 is the preset's own.")
    var seed: UInt64 = 0

    @Option(
        parsing: .unconditional, help: "How much is drawn: 0 is the original, 1 the drawing. (default: the preset's)")
    var strength: Double?

    @Flag(help: "Keep the original's colours and draw light and lines only.")
    var keepColor = false

    @Flag(help: "Draw textures so that what tiles before tiles after. Smoothing is then off unless it is asked for.")
    var tileable = false

    @Option(help: "How firmly drawings are held still over time: off, light or strong. (default: the preset's)")
    var smoothing: SmoothingStrength?

    func validate() throws {
        if let strength, !(0...1).contains(strength) {
            throw ValidationError("--strength must be between 0 and 1, not \(strength).")
        }
    }
}

/// Which part of the input is drawn, and how it is read.
struct SourceOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Begin here: seconds or [HH:]MM:SS[.mmm].")
    var start: TimeOfVideo?

    @Option(parsing: .unconditional, help: "End before here: seconds or [HH:]MM:SS[.mmm].")
    var end: TimeOfVideo?

    @Option(parsing: .unconditional, help: "Draw at most this many frames.")
    var frames: Int?

    @Flag(inversion: .prefixedNo, help: "Make interlaced video progressive.")
    var deinterlace = true

    @Option(parsing: .unconditional, help: "Frames per second of a numbered sequence of pictures. (default: 25)")
    var inputRate: Double?

    func validate() throws {
        if let frames, frames < 1 { throw ValidationError("--frames must be at least 1, not \(frames).") }
        if let frames, frames > 1_000_000_000 { throw ValidationError("--frames must be at most 1000000000.") }
        if let start, let end, end.seconds <= start.seconds {
            throw ValidationError("--end must come after --start.")
        }
        if let inputRate, !(inputRate > 0 && inputRate <= 1000) {
            throw ValidationError("--input-rate must be between 0 and 1000 frames per second.")
        }
    }

    func inputOptions() throws -> InputOptions {
        var options = InputOptions()
        options.start = start?.seconds
        options.end = end?.seconds
        options.frameLimit = frames
        options.deinterlaces = deinterlace
        options.sequenceRate = inputRate
        return options
    }
}

/// How the output is made.
struct TargetOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Draw at this size, for example 1280x720.")
    var size: PixelSize?

    @Option(parsing: .unconditional, help: "Draw at a multiple of the input's size, for example 0.5.")
    var scale: Double?

    @Option(help: "FFmpeg's name of the video encoder. (default: libx264; libvpx-vp9 in WebM)")
    var encoder: String?

    @Option(
        parsing: .unconditional,
        help: "Quality, on the encoder's own scale: smaller is better. (default: 19 for libx264)")
    var crf: Double?

    @Option(help: "The encoder's own preset, for example medium. (default: veryfast for libx264)")
    var encoderPreset: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Any option of the encoder, as NAME=VALUE; may be repeated. pix_fmt sets the pixel format.")
    var encoderOption: [String] = []

    @OptionGroup var streams: StreamOptions

    @Flag(help: "Replace the output if it exists.")
    var overwrite = false

    func validate() throws {
        if size != nil, scale != nil { throw ValidationError("Give --size or --scale, not both.") }
        if let crf, !(0...63).contains(crf) { throw ValidationError("--crf must be between 0 and 63, not \(crf).") }
        if let scale, !(scale > 0 && scale <= 8) { throw ValidationError("--scale must be over 0 and at most 8.") }
        for option in encoderOption where option.namedValue == nil {
            throw ValidationError("--encoder-option wants NAME=VALUE, not '\(option)'.")
        }
    }

    func drawnSize() throws -> StylizeRequest.Size {
        if let size { return .exactly(width: size.width, height: size.height) }
        if let scale { return .scaled(scale) }
        return .input
    }

    func outputOptions() throws -> OutputOptions {
        var options = OutputOptions()
        options.encoder.name = encoder
        options.encoder.crf = crf
        options.encoder.preset = encoderPreset
        for (name, value) in encoderOption.compactMap(\.namedValue) {
            if name == "pix_fmt" {
                options.encoder.pixelFormat = value
            } else {
                options.encoder.options[name] = value
            }
        }
        streams.apply(to: &options)
        return options
    }
}

extension String {
    /// The parts of `NAME=VALUE`; nil for anything else.
    var namedValue: (name: String, value: String)? {
        guard let mark = dropFirst().firstIndex(of: "=") else { return nil }
        return (String(self[..<mark]), String(self[index(after: mark)...]))
    }
}

/// What becomes of the streams that are not drawn.
struct StreamOptions: ParsableArguments {
    @Flag(help: "Leave the sound out.")
    var noAudio = false

    @Option(help: "What happens to the sound: copy, aac or opus. (default: copied where the container can hold it)")
    var audio: AudioCodec?

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Streams to carry over beside the video, as FFmpeg writes them: a, a:1, s:m:language:eng, -s. Repeatable."
    )
    var map: [String] = []

    @Option(help: "FFmpeg's name of the container. (default: from the output's name)")
    var container: String?

    enum AudioCodec: String, ExpressibleByArgument, CaseIterable { case copy, aac, opus }

    func validate() throws {
        if noAudio, audio != nil { throw ValidationError("Give --no-audio or --audio, not both.") }
    }

    func apply(to options: inout OutputOptions) {
        switch audio {
        case nil: options.audio = noAudio ? .none : .automatic
        case .copy: options.audio = .copy
        case .aac: options.audio = .aac
        case .opus: options.audio = .opus
        }
        options.maps = map
        options.container = container
    }
}

/// Where the generator runs.
struct MachineOptions: ParsableArguments {
    @Option(help: "OpenVINO's name of the device: AUTO, CPU, GPU or NPU.")
    var device = "AUTO"

    @Option(help: "The precision to calculate in: auto, f32, f16 or bf16.")
    var precision = InferenceOptions.Precision.auto

    @Option(parsing: .unconditional, help: "Frames drawn side by side. (default: chosen by the number of cores)")
    var streams: Int?

    func validate() throws {
        if let streams, !(1...64).contains(streams) { throw ValidationError("--streams must be between 1 and 64.") }
    }

    func inferenceOptions() throws -> InferenceOptions {
        InferenceOptions(
            device: device, precision: precision, streams: streams, cacheFolder: InferenceOptions.userCacheFolder())
    }
}

extension InferenceOptions.Precision: ExpressibleByArgument {}

extension SmoothingStrength: ExpressibleByArgument {}

extension ModelRange: ExpressibleByArgument {}

/// A time in a video: seconds, or [HH:]MM:SS[.mmm].
struct TimeOfVideo: ExpressibleByArgument {
    var seconds: Double

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { return nil }
        var total = 0.0
        for (index, part) in parts.enumerated() {
            guard let value = Double(part), value >= 0, value.isFinite else { return nil }
            if index > 0, value >= 60 { return nil }
            if index < parts.count - 1, value != value.rounded() { return nil }
            total = total * 60 + value
        }
        // Thirty years: beyond that it is a slip of the keyboard, and microseconds no longer fit.
        guard total <= 1e9 else { return nil }
        seconds = total
    }
}
