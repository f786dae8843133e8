internal import CFFmpeg
internal import Foundation
internal import Frames

/// What happens to each stream of an input on the way into a container: decided before the first picture is drawn.
package struct OutputPlan: Codable, Sendable, Equatable {
    package enum Action: Codable, Sendable, Equatable {
        case draw
        case copy
        /// Decoded and encoded anew with the named codec, because the container cannot hold it as it is or the user asks.
        case convert(to: String)
        /// A cover picture becomes an attachment, which is how Matroska holds one.
        case attach
        /// Left out. `isLoss`: something the user may miss; `keepsInMatroska`: a Matroska output would have it.
        case drop(reason: String, isLoss: Bool, keepsInMatroska: Bool = false)
    }

    package struct Entry: Codable, Sendable, Equatable {
        package var stream: Int
        package var action: Action
    }

    /// FFmpeg's name of the muxer.
    package var container: String
    package var entries: [Entry]

    /// Plans `output` (a path, or `-` for standard output, then Matroska unless a container is named).
    ///
    /// - Throws: `.usage` when the extension names no container, or a map matches nothing.
    package static func make(for reader: MediaReader, output: String, options: OutputOptions) throws -> OutputPlan {
        let format = try muxer(for: output, named: options.container)
        let name = String(cString: format.pointee.name)
        let isPicture = pictureContainers.contains(name)
        try checkSinglePicture(reader, output: output, container: name)
        let chosen = try StreamMap.chosen(by: options.maps, in: reader)
        let entries = reader.info.streams.map { stream -> Entry in
            if stream.index == reader.info.drawnStream { return Entry(stream: stream.index, action: .draw) }
            if isPicture {
                return Entry(
                    stream: stream.index,
                    action: .drop(reason: "a picture holds no \(stream.kind.rawValue)", isLoss: false))
            }
            guard chosen.contains(stream.index) else {
                return Entry(stream: stream.index, action: .drop(reason: "not chosen", isLoss: false))
            }
            return Entry(
                stream: stream.index, action: action(for: stream, in: reader.demuxer, format: format, options: options))
        }
        return OutputPlan(container: name, entries: entries)
    }

    /// What becomes of a live run's sound in the planned container.
    func soundEntries(of sound: LiveSound, output: String, options: OutputOptions) throws -> [Entry] {
        guard !isPictureFile, container != "v4l2" else { return [] }
        let format = try Self.muxer(for: output, named: container)
        return sound.streams.map {
            Entry(stream: $0.index, action: Self.action(for: $0, in: sound.demuxer, format: format, options: options))
        }
    }

    private static let pictureContainers = ["image2", "image2pipe", "webp", "apng", "gif"]

    /// The output holds pictures only, still or moving, one or numbered.
    package var isPictureFile: Bool { Self.pictureContainers.contains(container) }

    /// FFmpeg's name of the encoder that the container's users expect.
    func defaultEncoder(for output: String) -> String {
        switch container {
        case "webm": return "libvpx-vp9"
        case "gif": return "gif"
        case "apng": return "apng"
        case "webp": return "libwebp"
        case "image2", "image2pipe":
            switch (output as NSString).pathExtension.lowercased() {
            case "jpg", "jpeg": return "mjpeg"
            case "bmp": return "bmp"
            case "tif", "tiff": return "tiff"
            default: return "png"
            }
        default: return "libx264"
        }
    }

    /// A film does not fit into one picture; the last of its frames would be left.
    private static func checkSinglePicture(_ reader: MediaReader, output: String, container: String) throws(SakugaError)
    {
        guard container == "image2", output != "-", NumberedSequence(output) == nil, !reader.info.isStill,
            reader.options.frameLimit != 1,
            reader.info.drawnStream.flatMap({ reader.info.streams[$0].video?.frameCount }) != 1
        else { return }
        let name = output as NSString
        throw SakugaError(
            .usage, "'\(output)' holds one picture, but '\(reader.demuxer.name)' has many",
            hint: "add --frames 1, or number them: \(name.deletingPathExtension)-%04d.\(name.pathExtension)")
    }

    /// Sentences about what will be missing or different in the output.
    package func warnings(_ info: MediaInfo) -> [String] {
        entries.compactMap { entry in
            let stream = info.streams[entry.stream]
            let name = "\(stream.kind.rawValue) stream \(entry.stream) (\(stream.codec))"
            switch entry.action {
            case .drop(let reason, true, let keepsInMatroska):
                return "\(name) is left out: \(reason)" + (keepsInMatroska ? "; an .mkv output keeps it" : "")
            case .convert(let codec):
                return "\(name) is converted to \(codec)"
            default: return nil
            }
        }
    }

    /// The default container for an input: a video's own where FFmpeg can write it and it can hold a drawn one, else
    /// Matroska; PNG for a picture, whose lines and areas JPEG would blur.
    package static func defaultExtension(forInput input: String, isStill: Bool) -> String {
        if isStill { return "png" }
        let own = (input as NSString).pathExtension.lowercased()
        return ["mp4", "m4v", "mov", "mkv", "webm", "gif"].contains(own) ? own : "mkv"
    }

    /// Whether the encoder's pixels share chroma between columns or rows, so that the sides must be even.
    package func wantsEvenSides(_ encoder: EncoderOptions) -> Bool {
        guard !isPictureFile,
            let setup = try? EncoderSetup(
                encoder, defaultName: defaultEncoder(for: ""), keepsAlpha: false, isPictureFile: false),
            let descriptor = av_pix_fmt_desc_get(setup.format)?.pointee
        else { return false }
        return descriptor.log2_chroma_w > 0 || descriptor.log2_chroma_h > 0
    }

    private static func muxer(for output: String, named name: String?) throws -> UnsafePointer<AVOutputFormat> {
        if let name {
            let alias = ["mkv": "matroska"][name] ?? name
            if let format = av_guess_format(alias, nil, nil) { return UnsafePointer(format) }
            throw SakugaError(
                .usage, "unknown container '\(name)'", hint: "try mp4, matroska, mov, webm, gif or mpegts")
        }
        if output == "-" { return UnsafePointer(av_guess_format("matroska", nil, nil)) }
        let fileExtension = (output as NSString).pathExtension.lowercased()
        let byName = ["jpg", "jpeg", "png", "bmp", "tiff", "tif"].contains(fileExtension) ? "image2" : nil
        if let format = av_guess_format(byName, byName == nil ? output : nil, nil),
            format.pointee.video_codec != AV_CODEC_ID_NONE,
            // Sound files whose only pictures are covers.
            format.pointee.video_codec != AV_CODEC_ID_PNG || byName != nil
        {
            return UnsafePointer(format)
        }
        throw SakugaError(
            .usage,
            fileExtension.isEmpty
                ? "'\(output)' has no extension to tell the container from"
                : "no video container is named .\(fileExtension)",
            hint: "name the output .mp4, .mkv, .mov, .webm, .gif, .png or .jpg")
    }

    private static func action(
        for stream: MediaInfo.Stream, in demuxer: Demuxer, format: UnsafePointer<AVOutputFormat>,
        options: OutputOptions
    ) -> Action {
        if stream.isHandledByContainer { return .drop(reason: "the container keeps it by itself", isLoss: false) }
        let parameters = demuxer.stream(stream.index).pointee.codecpar.pointee
        let container = String(cString: format.pointee.name)
        let isMatroska = container == "matroska"
        if let flaw = flaw(of: stream, parameters) { return .drop(reason: flaw, isLoss: true) }
        let fits = ContainerRules.canHold(parameters.codec_id, in: format)
        switch stream.kind {
        case .video where stream.isAttachedPicture:
            if isMatroska { return .attach }
            return fits && container != "webm"
                ? .copy : .drop(reason: "\(container) holds no cover pictures", isLoss: true, keepsInMatroska: true)
        case .video:
            return fits ? .copy : refusal(stream, parameters, container)
        case .audio:
            let action = audioAction(stream, parameters, fits: fits, container: container, options: options)
            guard case .convert = action, !canDecode(stream, demuxer) else { return action }
            if fits { return .copy }
            return .drop(
                reason: "this FFmpeg cannot decode \(stream.codec)", isLoss: true,
                keepsInMatroska: keepsInMatroska(parameters.codec_id, container))
        case .subtitle:
            if fits { return .copy }
            let target = [
                "mp4": "mov_text", "mov": "mov_text", "ipod": "mov_text", "webm": "webvtt", "matroska": "ass",
            ]
            if stream.isText == true, canDecode(stream, demuxer), let codec = target[container] {
                return .convert(to: codec)
            }
            return refusal(stream, parameters, container)
        case .attachment:
            return isMatroska
                ? .copy : .drop(reason: "\(container) holds no attachments", isLoss: true, keepsInMatroska: true)
        case .data:
            if ContainerRules.canHoldData(parameters, in: format) { return .copy }
            // A MOV time code track is written anew from the metadata.
            let isTimeCode = parameters.codec_tag == SHIM_TAG_TMCD
            return .drop(reason: "\(container) cannot hold \(stream.codec) data", isLoss: !isTimeCode)
        }
    }

    /// The container cannot hold the stream.
    private static func refusal(
        _ stream: MediaInfo.Stream, _ parameters: AVCodecParameters, _ container: String
    ) -> Action {
        .drop(
            reason: "\(container) cannot hold \(stream.codec)\(stream.kind == .subtitle ? " subtitles" : "")",
            isLoss: true, keepsInMatroska: keepsInMatroska(parameters.codec_id, container))
    }

    private static func keepsInMatroska(_ codec: AVCodecID, _ container: String) -> Bool {
        guard container != "matroska", let matroska = av_guess_format("matroska", nil, nil) else { return false }
        return ContainerRules.canHold(codec, in: matroska)
    }

    /// Why a stream can be neither copied nor converted; nil for a sound one. Muxers refuse a whole file for one such.
    private static func flaw(of stream: MediaInfo.Stream, _ parameters: AVCodecParameters) -> String? {
        switch stream.kind {
        case .audio where parameters.codec_id == AV_CODEC_ID_NONE,
            .subtitle where parameters.codec_id == AV_CODEC_ID_NONE:
            return "its codec is unknown"
        case .audio where stream.audio.map({ $0.sampleRate <= 0 || $0.channels <= 0 }) ?? true:
            return "its header is incomplete"
        case .video where (stream.video?.width ?? 0) <= 0 && !stream.isAttachedPicture:
            return "its header is incomplete"
        default: return nil
        }
    }

    private static func canDecode(_ stream: MediaInfo.Stream, _ demuxer: Demuxer) -> Bool {
        avcodec_find_decoder(demuxer.stream(stream.index).pointee.codecpar.pointee.codec_id) != nil
    }

    private static func audioAction(
        _ stream: MediaInfo.Stream, _ parameters: AVCodecParameters, fits: Bool, container: String,
        options: OutputOptions
    ) -> Action {
        let usual = container == "webm" || container == "ogg" ? "libopus" : "aac"
        switch options.audio {
        case .none: return .drop(reason: "--no-audio", isLoss: false)
        case .aac: return .convert(to: "aac")
        case .opus: return .convert(to: "libopus")
        case .copy:
            return fits ? .copy : refusal(stream, parameters, container)
        case .automatic:
            return fits ? .copy : .convert(to: usual)
        case .usual: return .convert(to: usual)
        }
    }
}
