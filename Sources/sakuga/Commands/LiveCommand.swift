import ArgumentParser
import Foundation
import Frames
import Inference
import Live
import Media
import Stylize
import Web

struct LiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live",
        abstract: "Draws a camera, or any live source, as it happens.",
        discussion: """
            The newest picture is drawn and handed on; what this machine cannot keep up with is passed over, never \
            queued, and the size of drawing follows what it can do. Ctrl-C ends and completes the recording.

            In the window: space freezes, 1 to 9 change the preset, + and - the strength, o shows the original (half, \
            whole, not), s saves a picture, r begins and ends a recording, f fills the screen, q ends.

            EXAMPLES
              sakuga live                                     shows the camera, drawn, in a window
              sakuga live --preview -o me.mkv                 and records it
              sakuga live --web                               shows it in a browser
              sakuga live --virtual-camera /dev/video9        for video calls
              sakuga live --input rtsp://host/stream -o udp://127.0.0.1:9000
              sakuga live --input film.mp4 --realtime -o live/index.m3u8
              sakuga live --input-format x11grab --input :0.0 -o screen.mkv
              sakuga live --input-format lavfi --input testsrc2=size=640x360:rate=30 \\
                          --duration 10 --stats json -o test.mkv
            """)

    @OptionGroup(title: "Source") var source: LiveSourceOptions
    @OptionGroup(title: "Look") var look: LookOptions
    @OptionGroup(title: "Outputs") var target: LiveTargetOptions
    @OptionGroup(title: "Machine") var machine: MachineOptions

    @Option(parsing: .unconditional, help: "End by itself after so long: seconds or [HH:]MM:SS[.mmm].")
    var duration: TimeOfVideo?

    @Option(help: "Print the figures of the whole run at its end, on standard output: json.")
    var stats: StatsFormat?

    @Option(help: "How to show what goes on: auto, plain or none.")
    var progress = ProgressMode.auto

    @Flag(help: "List the cameras of this machine.")
    var listCameras = false

    @Flag(help: "Show FFmpeg's messages.")
    var verbose = false

    enum StatsFormat: String, ExpressibleByArgument, CaseIterable { case json }

    func validate() throws {
        if look.tileable { throw ValidationError("--tileable is for single textures, not for live pictures.") }
        if progress == .json { throw ValidationError("--progress json is not for live runs: use --stats json.") }
        if stats != nil, target.output.contains("-") {
            throw ValidationError("Give --stats or -o -, not both: they would mix on standard output.")
        }
        if let duration, duration.seconds <= 0 { throw ValidationError("--duration must be over 0.") }
    }

    func run() throws {
        if listCameras { return printCameras() }
        var request = LiveRequest(input: try source.chosenInput(), preset: look.preset)
        request.inputOptions = try source.inputOptions()
        request.isPaced = source.isPaced
        request.drawing.model = look.model
        request.drawing.modelRange = look.modelRange
        request.drawing.seed = look.seed
        request.drawing.strength = look.strength
        request.drawing.keepsColor = look.keepColor
        request.drawing.smoothing = look.smoothing
        request.drawing.inference = try machine.inferenceOptions()
        // One picture at a time on all cores: side by side, each would be late.
        request.drawing.inference.streams = machine.streams ?? 1
        request.microphone = source.microphone
        request.microphoneOptions.format = source.chosenMicrophoneFormat
        for (name, value) in source.microphoneOption.compactMap(\.namedValue) {
            request.microphoneOptions.demuxerOptions[name] = value
        }
        request.isMicrophonePaced = source.microphoneFormat == "lavfi"
        request.cadence = target.cadence
        request.destinations = try target.destinations()
        request.outputOptions = target.outputOptions()
        request.overwrites = target.overwrite
        request.adaptsQuality = target.adapt
        request.duration = duration?.seconds
        let session = LiveSession(progress: progress, verbose: verbose, printsFigures: stats != nil)
        let page = try target.page()
        try session.run(
            request, showsWindow: target.preview || request.destinations.isEmpty && page == nil, page: page)
    }

    private func printCameras() {
        let cameras = CameraList().cameras
        if cameras.isEmpty {
            TerminalScreen.standardError.write("no camera is there\n")
        }
        for camera in cameras { print("\(camera.device)\t\(camera.title)") }
    }
}

/// Where live pictures come from.
struct LiveSourceOptions: ParsableArguments {
    @Option(help: "The camera: a device or its number. (default: the first one)")
    var camera: String?

    @Option(
        help:
            "Another source: a file, an address (rtsp://, udp://, srt://, http://), a screen, or - for standard input.")
    var input: String?

    @Option(help: "FFmpeg's name of the source's format, for example x11grab, lavfi or mjpeg.")
    var inputFormat: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Any option of FFmpeg's input, as NAME=VALUE, for example rtsp_transport=tcp; may be repeated.")
    var inputOption: [String] = []

    @Option(parsing: .unconditional, help: "Ask the camera or screen for this size, for example 1280x720.")
    var videoSize: PixelSize?

    @Option(parsing: .unconditional, help: "Ask the camera or screen for so many frames per second.")
    var framerate: Double?

    @Option(help: "Sound from a microphone instead of from the source: an ALSA device, for example default.")
    var microphone: String?

    @Option(help: "FFmpeg's name of the microphone's format, for example pulse. (default: alsa)")
    var microphoneFormat: String?

    @Option(parsing: .unconditionalSingleValue, help: "Any option of the microphone's format, as NAME=VALUE.")
    var microphoneOption: [String] = []

    @Flag(help: "Take a file at the pace at which it plays.")
    var realtime = false

    func validate() throws {
        if camera != nil, input != nil { throw ValidationError("Give --camera or --input, not both.") }
        for option in inputOption + microphoneOption where option.namedValue == nil {
            throw ValidationError("--input-option and --microphone-option want NAME=VALUE, not '\(option)'.")
        }
        if microphoneFormat != nil || !microphoneOption.isEmpty, microphone == nil {
            throw ValidationError("how --microphone is read is said without it: give that too.")
        }
        if let framerate, !(framerate > 0 && framerate <= 1000) {
            throw ValidationError("--framerate must be between 0 and 1000 frames per second.")
        }
    }

    func chosenInput() throws -> String {
        if let input { return input }
        if let camera { return Int(camera).map { "/dev/video\($0)" } ?? camera }
        if let first = CameraList().cameras.first { return first.device }
        throw SakugaError(
            .noInput, "there is no camera",
            hint: "plug one in, or name another source with --input; see sakuga live --help")
    }

    var chosenMicrophoneFormat: String {
        #if os(macOS)
            microphoneFormat ?? "avfoundation"
        #else
            microphoneFormat ?? "alsa"
        #endif
    }

    /// A made-up source comes as fast as it is read, and so does a file.
    var isPaced: Bool { realtime || inputFormat == "lavfi" }

    func inputOptions() throws -> InputOptions {
        var options = InputOptions()
        options.isLive = true
        options.format = inputFormat ?? (input == nil ? CameraList.format : nil)
        if let videoSize { options.demuxerOptions["video_size"] = "\(videoSize.width)x\(videoSize.height)" }
        if let framerate { options.demuxerOptions["framerate"] = "\(framerate)" }
        for (name, value) in inputOption.compactMap(\.namedValue) { options.demuxerOptions[name] = value }
        return options
    }
}

/// Where live pictures go.
struct LiveTargetOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "A file, an address (rtmp://, srt://, udp://), an HLS playlist (live/index.m3u8), or -. Repeatable.")
    var output: [String] = []

    @Flag(help: "Show a window. (default: where nothing else is asked for)")
    var preview = false

    @Flag(help: "Show it in a browser, at the address that is printed, with the window's controls.")
    var web = false

    @Option(help: "Let other machines reach the page: the address to listen on, with or without a port.")
    var bind: String?

    @Option(help: "A v4l2loopback device to be seen as a camera by other programs, for example /dev/video9.")
    var virtualCamera: String?

    @Option(help: "FFmpeg's name of the video encoder. (default: libx264; libvpx-vp9 in WebM)")
    var encoder: String?

    @Option(parsing: .unconditional, help: "Quality, on the encoder's own scale: smaller is better.")
    var crf: Double?

    @Option(help: "The encoder's own preset. (default: superfast for libx264)")
    var encoderPreset: String?

    @OptionGroup var streams: StreamOptions

    @Option(help: "How frames follow each other in the outputs: variable (each at its own time) or constant.")
    var cadence = LiveWriter.Cadence.variable

    @Flag(inversion: .prefixedNo, help: "Draw smaller while this machine cannot keep up.")
    var adapt = true

    @Flag(help: "Replace the output if it exists.")
    var overwrite = false

    /// Where the page is served; nil: nowhere.
    func page() throws -> ListenAddress? {
        let usual = ListenAddress(host: "127.0.0.1", port: 8088)
        return web ? try bind.map { try ListenAddress($0, defaultPort: usual.port) } ?? usual : nil
    }

    func validate() throws {
        if bind != nil, !web { throw ValidationError("--bind says where --web is served: give that too.") }
    }

    func destinations() throws -> [LiveDestination] {
        var destinations = try output.map { try LiveDestination($0) }
        if let virtualCamera {
            guard virtualCamera.hasPrefix("/dev/video") else {
                throw SakugaError(.usage, "'\(virtualCamera)' is no video device", hint: "give one like /dev/video9")
            }
            destinations.append(try LiveDestination(virtualCamera))
        }
        return destinations
    }

    func outputOptions() -> OutputOptions {
        var options = OutputOptions()
        options.encoder.name = encoder
        options.encoder.crf = crf
        options.encoder.preset = encoderPreset
        streams.apply(to: &options)
        return options
    }
}

extension LiveWriter.Cadence: ExpressibleByArgument {}
