internal import CFFmpeg
internal import Foundation
internal import Frames

/// Where an input lies and how FFmpeg must be told: a file, a URL, a pipe or a numbered sequence.
struct InputLocation {
    private enum Place {
        case file
        case url
        /// A camera, a screen or a made-up source: the demuxer finds it by name.
        case device
        case pipe(path: String?)
        case sequence(NumberedSequence)
    }

    private let input: String
    private let place: Place
    private let options: InputOptions

    /// - Throws: `.noInput` for a folder or a sequence without files.
    init(_ input: String, options: InputOptions) throws(SakugaError) {
        (self.input, self.options) = (input, options)
        var status = stat()
        let exists = stat(input, &status) == 0
        let kind = status.st_mode & S_IFMT
        if let format = options.format, Demuxer.findsInputsItself(format) {
            place = .device
        } else if input == "-" {
            place = .pipe(path: nil)
        } else if exists, kind == S_IFDIR {
            throw SakugaError(
                .noInput, "'\(input)' is a folder", hint: "give the files in it, or -o FOLDER/ to draw them all")
        } else if exists, kind == S_IFIFO {
            place = .pipe(path: input)
        } else if !exists, input.contains("://") {
            place = .url
        } else if !exists, let sequence = NumberedSequence(input) {
            place = .sequence(sequence)
        } else {
            place = .file
        }
    }

    /// Opens the demuxer. `numbers`: those of a sequence's pictures, rising.
    func open(stop: StopSignal) throws(SakugaError) -> (demuxer: Demuxer, numbers: [Int]?) {
        var settings = options.demuxerOptions
        if options.isLive {
            // Not `nobuffer`: it drops the packets that were looked at, the first key frame among them. Looking at a
            // stream for FFmpeg's usual five seconds would keep whoever waits for it waiting.
            settings["analyzeduration"] = settings["analyzeduration"] ?? "1000000"
        }
        if let whitelist = options.protocolWhitelist { settings["protocol_whitelist"] = whitelist }
        if let whitelist = options.formatWhitelist { settings["format_whitelist"] = whitelist }
        switch place {
        case .url, .device:
            return (try demuxer(input, settings, stop), nil)
        case .pipe(let path):
            let pipe = try PipeInput(path: path, stop: stop)
            let demuxer = try Demuxer(
                url: "", name: input, format: options.format, options: settings, asked: asked, pipe: pipe, stop: stop)
            return (demuxer, nil)
        case .file:
            // A percent sign in the name of a file that is there is no pattern.
            settings["pattern_type"] = "none"
            // A name with a colon would be taken for a protocol, one with a dash for an option.
            return (try demuxer("file:\(input)", settings, stop), nil)
        case .sequence(let sequence):
            let numbers = sequence.numbers
            guard let first = numbers.first, let last = numbers.last else {
                throw SakugaError(
                    .noInput, "no file is named like '\(input)'", hint: "check the folder and the number of digits")
            }
            if let rate = options.sequenceRate { settings["framerate"] = "\(rate)" }
            let hasGaps = last - first >= numbers.count
            if hasGaps {
                settings["pattern_type"] = "glob"
            } else {
                settings["start_number"] = "\(first)"
                settings["pattern_type"] = "sequence"
            }
            let demuxer = try Demuxer(
                url: hasGaps ? sequence.glob : "file:\(sequence.pattern)", name: input,
                format: options.format ?? "image2", options: settings, stop: stop)
            if hasGaps { demuxer.spread(over: numbers.map { Int64($0 - first) }) }
            return (demuxer, numbers)
        }
    }

    private var asked: Set<String> { Set(options.demuxerOptions.keys) }

    private func demuxer(_ url: String, _ settings: [String: String], _ stop: StopSignal) throws(SakugaError) -> Demuxer
    {
        try Demuxer(url: url, name: input, format: options.format, options: settings, asked: asked, stop: stop)
    }
}
