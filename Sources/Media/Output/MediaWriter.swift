internal import CFFmpeg
internal import Foundation
internal import Frames

/// An open output: encodes the drawn pictures and carries the other streams of the input over beside them.
///
/// Two stages use it: *convert* and *encode* give pictures; *decode* delivers packets of the other streams through the
/// reader's handler. Packets of other streams wait until the drawn video has reached their time, so that a stopped or
/// trimmed output ends with its picture.
package final class MediaWriter: @unchecked Sendable {
    // @unchecked Sendable: `converter` belongs to the convert stage, `encoder` and `packet` to the encode stage, what
    // carries packets to the decode stage; the muxer they share locks itself. `finish` runs when those stages have ended.

    package let plan: OutputPlan
    /// What became of streams along the way: set before the first picture.
    package let warnings: [String]
    /// Packets of copied streams that were too damaged for the container. Read when the stages have ended.
    package private(set) var lostPackets = 0
    package let encoderName: String
    package let pixelFormat: String
    package let converter: FrameConverter
    private let reader: MediaReader
    private let muxer: Muxer
    private let encoder: VideoEncoder
    private let packet = Packet()
    private var drawnIndex = 0
    private var carriers: [Int: Carrier] = [:]
    private var waiting: [Packet] = []
    private let options: InputOptions

    /// What carries one stream over.
    private struct Carrier {
        var output: Int
        var audio: AudioConverter?
        var subtitle: SubtitleConverter?
    }

    /// Opens `url` and writes the header; nothing is created when that fails.
    ///
    /// - Parameters:
    ///   - url: the path to write, a pattern of numbered pictures, or `-`.
    ///   - name: the destination as the user knows it.
    ///   - width, height: the size of the frames to come.
    /// - Throws: `.usage` for encoder options that do not work, `.cannotCreate` when the file cannot be made.
    package init(
        url: String, name: String, plan: OutputPlan, reader: MediaReader, input: InputOptions, output: OutputOptions,
        width: Int, height: Int
    ) throws {
        self.plan = plan
        self.reader = reader
        options = input
        let target = url == "-" ? "pipe:1" : plan.container == "image2" ? url : "file:\(url)"
        muxer = try Muxer(url: target, name: name, container: plan.container)
        let color = Self.outputColor(reader.picture, encoder: output.encoder.name, plan: plan)
        encoder = try VideoEncoder(
            output.encoder, defaultName: Self.defaultEncoder(plan.container, name: name),
            target: .init(
                width: width, height: height, aspect: Self.aspect(reader.picture, width: width, height: height),
                color: color, timeBase: AVRational(reader.picture.timeBase),
                frameRate: AVRational(reader.picture.frameRate), globalHeader: muxer.wantsGlobalHeader,
                container: plan.container))
        encoderName = encoder.name
        pixelFormat = av_get_pix_fmt_name(encoder.context.pointee.pix_fmt).map { String(cString: $0) } ?? ""
        converter = try FrameConverter(encoder: encoder, color: color)
        warnings = plan.warnings(reader.info)
        try addStreams()
        copyChapters()
        copyMetadata(reader.demuxer.context.pointee.metadata, to: &muxer.context.pointee.metadata)
        try muxer.begin(options: Self.muxerOptions(plan, url: url))
        if carriers.isEmpty { return }
        reader.packetHandler = { [unowned self] packet in try carry(packet) }
    }

    // MARK: Drawn pictures

    /// Encodes the next picture. Encode stage.
    package func encode(_ picture: Picture) throws {
        try encoder.encode(picture, into: packet) { try muxer.write($0, to: drawnIndex, timeBase: encoder.timeBase) }
    }

    /// Drains encoders and completes the file. Called once, when all stages have ended.
    package func finish() throws {
        try encoder.encode(nil, into: packet) { try muxer.write($0, to: drawnIndex, timeBase: encoder.timeBase) }
        let end = reader.endsEarly ? reader.endTime : nil
        for packet in waiting where end.map({ time(of: packet) < $0 }) ?? true { try release(packet, end: end) }
        waiting = []
        for carrier in carriers.values {
            try carrier.audio?.convert(nil, end: end) {
                try muxer.write($0, to: carrier.output, timeBase: carrier.audio!.timeBase)
            }
        }
        try muxer.finish()
    }

    // MARK: Other streams

    /// Takes a packet of a stream that is not drawn. Decode stage.
    private func carry(_ packet: Packet) throws {
        guard carriers[Int(packet.pointer.pointee.stream_index)] != nil else { return }
        waiting.append(packet.reference())
        let reached = reader.endTime
        let ready = waiting.prefix { time(of: $0) < reached }.count
        guard ready > 0 else { return }
        for packet in waiting[..<ready] { try release(packet, end: nil) }
        waiting.removeFirst(ready)
    }

    /// Seconds of the output at which the packet begins.
    private func time(of packet: Packet) -> Double {
        let raw = packet.pointer.pointee
        let ticks = raw.pts == SHIM_NO_TIMESTAMP ? raw.dts : raw.pts
        guard ticks != SHIM_NO_TIMESTAMP else { return -Double.infinity }
        let base = reader.demuxer.stream(Int(raw.stream_index)).pointee.time_base
        return Double(av_rescale_q(ticks, base, shimMicroseconds) - reader.zero) / 1e6
    }

    private func release(_ packet: Packet, end: Double?) throws {
        let index = Int(packet.pointer.pointee.stream_index)
        guard let carrier = carriers[index] else { return }
        if let audio = carrier.audio {
            try audio.convert(packet, end: end) { try muxer.write($0, to: carrier.output, timeBase: audio.timeBase) }
            return
        }
        let base = reader.demuxer.stream(index).pointee.time_base
        let shift = av_rescale_q(reader.zero, shimMicroseconds, base)
        let raw = packet.pointer
        if raw.pointee.pts != SHIM_NO_TIMESTAMP { raw.pointee.pts -= shift }
        if raw.pointee.dts != SHIM_NO_TIMESTAMP { raw.pointee.dts -= shift }
        // Before a trimmed output begins; a packet that reaches into it stays, with a negative start.
        if options.start != nil, raw.pointee.pts != SHIM_NO_TIMESTAMP, raw.pointee.pts + raw.pointee.duration <= 0 {
            return
        }
        if let subtitle = carrier.subtitle, !subtitle.convert(packet) { return }
        if try !muxer.write(packet, to: carrier.output, timeBase: base, isCopied: carrier.audio == nil) { lostPackets += 1 }
    }

    // MARK: Setting up

    private func addStreams() throws {
        for entry in plan.entries {
            let input = reader.demuxer.stream(entry.stream)
            let label = "\(reader.info.streams[entry.stream].kind.rawValue) stream \(entry.stream)"
            switch entry.action {
            case .drop: continue
            case .draw:
                let stream = muxer.addStream()
                drawnIndex = Int(stream.pointee.index)
                avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context)
                stream.pointee.time_base = encoder.timeBase
                stream.pointee.avg_frame_rate = AVRational(reader.picture.frameRate)
                stream.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
                describe(stream, like: input)
            case .copy:
                let stream = muxer.addStream()
                avcodec_parameters_copy(stream.pointee.codecpar, input.pointee.codecpar)
                keepTag(of: stream)
                stream.pointee.time_base = input.pointee.time_base
                stream.pointee.avg_frame_rate = input.pointee.avg_frame_rate
                carriers[entry.stream] = Carrier(output: Int(stream.pointee.index))
                describe(stream, like: input)
            case .convert(let codec):
                let stream = muxer.addStream()
                var carrier = Carrier(output: Int(stream.pointee.index))
                if reader.info.streams[entry.stream].kind == .subtitle {
                    carrier.subtitle = try SubtitleConverter(stream: input, codec: codec, label: label)
                    carrier.subtitle!.describe(stream)
                } else {
                    carrier.audio = try AudioConverter(
                        stream: input, codec: codec, zero: reader.zero, cutsStart: options.start != nil,
                        globalHeader: muxer.wantsGlobalHeader, label: label)
                    carrier.audio!.describe(stream)
                }
                carriers[entry.stream] = carrier
                describe(stream, like: input)
            case .attach: attachCover(of: input)
            }
        }
    }

    /// A codec tag is a container's own name for a codec: it is kept only where the new container knows it.
    private func keepTag(of stream: UnsafeMutablePointer<AVStream>) {
        let parameters = stream.pointee.codecpar!
        guard let tags = muxer.context.pointee.oformat.pointee.codec_tag else {
            parameters.pointee.codec_tag = 0
            return
        }
        if av_codec_get_id(tags, parameters.pointee.codec_tag) != parameters.pointee.codec_id {
            parameters.pointee.codec_tag = 0
        }
    }

    private func attachCover(of input: UnsafeMutablePointer<AVStream>) {
        let picture = input.pointee.attached_pic
        guard picture.size > 0, let data = picture.data else { return }
        let isPNG = input.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_PNG
        let stream = muxer.addStream()
        let parameters = stream.pointee.codecpar!
        parameters.pointee.codec_type = AVMEDIA_TYPE_ATTACHMENT
        parameters.pointee.codec_id = input.pointee.codecpar.pointee.codec_id
        let copy = av_mallocz(Int(picture.size) + Int(AV_INPUT_BUFFER_PADDING_SIZE))!.assumingMemoryBound(to: UInt8.self)
        copy.update(from: data, count: Int(picture.size))
        parameters.pointee.extradata = copy
        parameters.pointee.extradata_size = picture.size
        av_dict_set(&stream.pointee.metadata, "filename", isPNG ? "cover.png" : "cover.jpg", 0)
        av_dict_set(&stream.pointee.metadata, "mimetype", isPNG ? "image/png" : "image/jpeg", 0)
    }

    private func describe(_ stream: UnsafeMutablePointer<AVStream>, like input: UnsafeMutablePointer<AVStream>) {
        stream.pointee.disposition = input.pointee.disposition
        copyMetadata(input.pointee.metadata, to: &stream.pointee.metadata)
    }

    private func copyMetadata(_ source: OpaquePointer?, to destination: inout OpaquePointer?) {
        // What describes the old file's bytes would lie about the new ones.
        let stale = ["major_brand", "minor_version", "compatible_brands", "encoder", "rotate", "DURATION", "BPS",
            "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES", "vendor_id"]
        for (key, value) in FFmpegDictionary.entries(source)
        where !stale.contains(where: { key.hasPrefix($0) }) && !key.hasPrefix("_STATISTICS") {
            av_dict_set(&destination, key, value, 0)
        }
    }

    private func copyChapters() {
        let input = reader.demuxer.context.pointee
        guard input.nb_chapters > 0, let chapters = input.chapters else { return }
        let context = muxer.context
        context.pointee.chapters = av_calloc(Int(input.nb_chapters), MemoryLayout<OpaquePointer>.size)?
            .assumingMemoryBound(to: UnsafeMutablePointer<AVChapter>?.self)
        for index in 0..<Int(input.nb_chapters) {
            let chapter = chapters[index]!.pointee
            let base = chapter.time_base
            let shift = av_rescale_q(reader.zero, shimMicroseconds, base)
            let last = options.end.map { _ in Int64.max } ?? Int64.max
            guard chapter.end - shift > 0, chapter.start < last else { continue }
            let copy = av_mallocz(MemoryLayout<AVChapter>.size)!.assumingMemoryBound(to: AVChapter.self)
            copy.pointee.id = chapter.id
            copy.pointee.time_base = base
            copy.pointee.start = max(0, chapter.start - shift)
            copy.pointee.end = chapter.end - shift
            av_dict_copy(&copy.pointee.metadata, chapter.metadata, 0)
            context.pointee.chapters[Int(context.pointee.nb_chapters)] = copy
            context.pointee.nb_chapters += 1
        }
    }

    /// The pixels keep their shape when the size changes: the sample aspect ratio makes up for a changed one.
    private static func aspect(_ picture: PictureDescription, width: Int, height: Int) -> AVRational {
        guard picture.aspect.num > 0, width != picture.width || height != picture.height else { return picture.aspect }
        var (num, den): (Int32, Int32) = (0, 1)
        av_reduce(
            &num, &den, Int64(picture.aspect.num) * Int64(picture.width) * Int64(height),
            Int64(picture.aspect.den) * Int64(picture.height) * Int64(width), 1 << 16)
        return AVRational(num: num, den: den)
    }

    private static func outputColor(_ picture: PictureDescription, encoder: String?, plan: OutputPlan) -> ColorDescription {
        var color = picture.color
        let isJPEG = plan.isStillImage || encoder == "mjpeg"
        // RGB and grey sources have no matrix to keep: they get what high definition players expect.
        if color.matrix == AVCOL_SPC_RGB || (color.matrix == AVCOL_SPC_UNSPECIFIED && picture.isRGB) {
            color.matrix = isJPEG ? AVCOL_SPC_BT470BG : AVCOL_SPC_BT709
            color.range = isJPEG ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
            if !isJPEG, color.primaries == AVCOL_PRI_UNSPECIFIED { color.primaries = AVCOL_PRI_BT709 }
            if !isJPEG, color.transfer == AVCOL_TRC_UNSPECIFIED { color.transfer = AVCOL_TRC_BT709 }
        }
        if color.matrix == AVCOL_SPC_BT2020_CL { color.matrix = AVCOL_SPC_BT2020_NCL }
        if isJPEG {
            color.matrix = AVCOL_SPC_BT470BG
            color.range = AVCOL_RANGE_JPEG
        }
        return color
    }

    private static func defaultEncoder(_ container: String, name: String) -> String {
        switch container {
        case "webm": return "libvpx-vp9"
        case "gif": return "gif"
        case "apng": return "apng"
        case "webp": return "libwebp"
        case "image2":
            switch (name as NSString).pathExtension.lowercased() {
            case "jpg", "jpeg": return "mjpeg"
            case "bmp": return "bmp"
            case "tif", "tiff": return "tiff"
            default: return "png"
            }
        default: return "libx264"
        }
    }

    private static func muxerOptions(_ plan: OutputPlan, url: String) -> [String: String] {
        switch plan.container {
        // The index goes to the front, so that a browser can play while it loads; a pipe cannot go back.
        case "mp4", "mov", "ipod": ["movflags": url == "-" ? "frag_keyframe+empty_moov+default_base_moof" : "faststart"]
        case "image2": url.contains("%") ? [:] : ["update": "1"]
        default: [:]
        }
    }
}

extension AVRational {
    init(_ timeBase: TimeBase) { self.init(num: timeBase.numerator, den: timeBase.denominator) }
}
