internal import CFFmpeg
internal import Foundation

/// What is in a media file, read from its header: the facts that `sakuga probe` shows and that plans are made from.
package struct MediaInfo: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable { case video, audio, subtitle, attachment, data }

    package struct Stream: Codable, Sendable, Equatable {
        package var index: Int
        package var kind: Kind
        package var codec: String
        package var language: String?
        package var title: String?
        package var dispositions: [String]
        /// A still picture that belongs to the file (cover art), not a video.
        package var isAttachedPicture: Bool
        /// The demuxer handles the stream itself (the chapter text of a MOV file).
        package var isHandledByContainer: Bool
        package var duration: Double?
        /// Seconds, on the container's timeline.
        package var startTime: Double?
        package var video: Video?
        package var audio: Audio?
        /// For subtitles: text (true) or bitmaps (false).
        package var isText: Bool?
    }

    package struct Video: Codable, Sendable, Equatable {
        /// Size as stored, before rotation.
        package var width: Int
        package var height: Int
        package var pixelFormat: String
        package var bitDepth: Int
        /// Frames per second, average.
        package var frameRate: Double
        package var frameCount: Int?
        /// Degrees clockwise that the picture must be turned to stand upright.
        package var rotation: Int
        package var sampleAspectRatio: String
        package var isInterlaced: Bool
        package var primaries: String
        package var transfer: String
        package var matrix: String
        package var range: String
    }

    package struct Audio: Codable, Sendable, Equatable {
        package var sampleRate: Int
        package var channels: Int
    }

    package var container: String
    /// Seconds, where the header says.
    package var duration: Double?
    package var startTime: Double
    package var bitRate: Int
    package var chapterCount: Int
    package var metadata: [String: String]
    package var streams: [Stream]
    /// The stream that is drawn: the best video stream that is not a cover picture; nil in a file without video.
    package var drawnStream: Int?
    /// The input is a still picture, not a film.
    package var isStill: Bool
}

extension MediaInfo {
    init(_ demuxer: Demuxer) {
        let context = demuxer.context.pointee
        container = String(cString: context.iformat.pointee.name)
        duration = context.duration == SHIM_NO_TIMESTAMP ? nil : Double(context.duration) / Double(AV_TIME_BASE)
        startTime = context.start_time == SHIM_NO_TIMESTAMP ? 0 : Double(context.start_time) / Double(AV_TIME_BASE)
        bitRate = Int(context.bit_rate)
        chapterCount = Int(context.nb_chapters)
        metadata = Dictionary(FFmpegDictionary.entries(context.metadata).map { ($0.key, $0.value) }) { $1 }
        streams = demuxer.streams.map { Stream($0!, in: demuxer.context) }
        drawnStream = Self.bestVideo(of: demuxer, among: streams)
        let format = container
        isStill =
            drawnStream != nil && streams.count == 1
            && (format.hasSuffix("_pipe") || format == "image2") && (duration ?? 0) <= 0.05
    }

    /// FFmpeg's own choice of the best video stream; a cover picture is none.
    private static func bestVideo(of demuxer: Demuxer, among streams: [Stream]) -> Int? {
        let best = Int(av_find_best_stream(demuxer.context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0))
        let films = streams.filter { $0.kind == .video && !$0.isAttachedPicture && ($0.video?.width ?? 0) > 0 }
        if let film = films.first(where: { $0.index == best }) { return film.index }
        return films.first?.index
    }
}

extension MediaInfo.Stream {
    fileprivate init(_ pointer: UnsafeMutablePointer<AVStream>, in container: UnsafeMutablePointer<AVFormatContext>) {
        let stream = pointer.pointee
        let parameters = stream.codecpar.pointee
        index = Int(stream.index)
        codec = Self.name(of: parameters)
        let tags = Dictionary(FFmpegDictionary.entries(stream.metadata).map { ($0.key, $0.value) }) { $1 }
        language = tags["language"]
        title = tags["title"]
        dispositions = dispositionNames(stream.disposition)
        isAttachedPicture = stream.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
        isHandledByContainer = stream.discard == AVDISCARD_ALL
        let base = Double(stream.time_base.num) / Double(stream.time_base.den)
        duration = stream.duration == SHIM_NO_TIMESTAMP ? nil : Double(stream.duration) * base
        startTime = stream.start_time == SHIM_NO_TIMESTAMP ? nil : Double(stream.start_time) * base
        switch parameters.codec_type {
        case AVMEDIA_TYPE_VIDEO:
            kind = .video
            video = MediaInfo.Video(pointer, in: container)
        case AVMEDIA_TYPE_AUDIO:
            kind = .audio
            audio = .init(sampleRate: Int(parameters.sample_rate), channels: Int(parameters.ch_layout.nb_channels))
        case AVMEDIA_TYPE_SUBTITLE:
            kind = .subtitle
            let properties = avcodec_descriptor_get(parameters.codec_id)?.pointee.props ?? 0
            isText = properties & AV_CODEC_PROP_TEXT_SUB != 0
        case AVMEDIA_TYPE_ATTACHMENT: kind = .attachment
        default: kind = .data
        }
    }
}

extension MediaInfo.Stream {
    /// FFmpeg's name of the codec; of data that it has no name for, the container's tag.
    private static func name(of parameters: AVCodecParameters) -> String {
        let isNamed = parameters.codec_id != AV_CODEC_ID_NONE && parameters.codec_id != AV_CODEC_ID_BIN_DATA
        let tag = withUnsafeBytes(of: parameters.codec_tag.littleEndian) { Array($0) }
        guard !isNamed, parameters.codec_type == AVMEDIA_TYPE_DATA, tag.allSatisfy({ 0x20..<0x7F ~= $0 }) else {
            return codecName(parameters.codec_id)
        }
        return String(decoding: tag, as: UTF8.self)
    }
}

extension MediaInfo.Video {
    fileprivate init(_ pointer: UnsafeMutablePointer<AVStream>, in container: UnsafeMutablePointer<AVFormatContext>) {
        let stream = pointer.pointee
        let parameters = stream.codecpar.pointee
        width = Int(parameters.width)
        height = Int(parameters.height)
        let format = AVPixelFormat(parameters.format)
        pixelFormat = av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "unknown"
        bitDepth = Int(av_pix_fmt_desc_get(format)?.pointee.comp.0.depth ?? 8)
        let rate = av_guess_frame_rate(container, pointer, nil)
        frameRate = rate.den > 0 && rate.num > 0 ? Double(rate.num) / Double(rate.den) : 0
        frameCount = stream.nb_frames > 0 ? Int(stream.nb_frames) : nil
        rotation = shim_stream_display_matrix(pointer).map(Orientation.init(displayMatrix:))?.clockwiseDegrees ?? 0
        let aspect = av_guess_sample_aspect_ratio(container, pointer, nil)
        sampleAspectRatio = aspect.num > 0 ? "\(aspect.num):\(aspect.den)" : "unknown"
        isInterlaced = parameters.field_order.rawValue > AV_FIELD_PROGRESSIVE.rawValue
        func name(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "unknown" }
        primaries = name(av_color_primaries_name(parameters.color_primaries))
        transfer = name(av_color_transfer_name(parameters.color_trc))
        matrix = name(av_color_space_name(parameters.color_space))
        range = name(av_color_range_name(parameters.color_range))
    }
}

private func dispositionNames(_ flags: Int32) -> [String] {
    (0..<31).compactMap { bit in
        let flag = Int32(1) << Int32(bit)
        return flags & flag != 0 ? av_disposition_to_string(flag).map { String(cString: $0) } : nil
    }
}
