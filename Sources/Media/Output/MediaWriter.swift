internal import CFFmpeg
internal import Foundation
internal import Frames

/// An open output: encodes the drawn pictures and carries the other streams of the input over beside them.
///
/// Packets of other streams wait until the drawn video has reached their time, so that a stopped or trimmed output ends
/// with its picture.
package final class MediaWriter: @unchecked Sendable {
    // @unchecked Sendable: `converter` belongs to the convert stage, `encoder` and `packet` to the encode stage, what
    // carries packets to the decode stage; the muxer they share locks itself. `finish` runs when those stages have ended.

    package let plan: OutputPlan
    /// What became of streams along the way: set before the first picture.
    package let warnings: [String]
    /// Packets of copied streams that were too damaged for the container. Read when the stages have ended.
    package var lostPackets: Int { muxer.lostPackets }
    package let encoderName: String
    package let pixelFormat: String
    /// The output holds the transparency of the pictures.
    package var keepsAlpha: Bool { encoder.keepsAlpha }
    package let converter: FrameConverter
    private let reader: MediaReader
    private let muxer: Muxer
    private var encoder: VideoEncoder
    /// Makes another encoder like the first.
    private let makeEncoder: () throws -> VideoEncoder
    private let packet = Packet()
    private var drawnIndex = 0
    /// The output is numbered pictures with the numbers of the input's.
    private let keepsNumbers: Bool
    private var carriers: [Int: StreamCarrier] = [:]
    private var waiting: [Packet] = []
    /// A sane file interleaves its streams within a second or so; of one that does not, no more than this waits.
    private static let patience = 4096

    /// Opens `url` and writes the header; nothing is created when that fails.
    ///
    /// - Parameters:
    ///   - url: the path to write, a pattern of numbered pictures, or `-`.
    ///   - name: the destination as the user knows it.
    ///   - isStream: `url` runs forwards only, as a pipe and a device do; nil: standard output does.
    ///   - width, height: the size of the frames to come.
    /// - Throws: `.usage` for encoder options that do not work, `.cannotCreate` when the file cannot be made.
    package init(
        url: String, name: String, isStream: Bool? = nil, plan: OutputPlan, reader: MediaReader, output: OutputOptions,
        width: Int, height: Int
    ) throws {
        self.plan = plan
        self.reader = reader
        let sequence = plan.container == "image2" ? NumberedSequence(url) : nil
        keepsNumbers = sequence != nil && reader.numbers != nil
        muxer = try Muxer(
            url: url == "-" ? "pipe:1" : "file:\(sequence?.pattern ?? url)", name: name, container: plan.container)
        let target = Self.target(reader, plan, width: width, height: height, globalHeader: muxer.wantsGlobalHeader)
        makeEncoder = { try VideoEncoder(output.encoder, defaultName: plan.defaultEncoder(for: name), target: target) }
        encoder = try makeEncoder()
        encoderName = encoder.name
        pixelFormat = av_get_pix_fmt_name(encoder.context.pointee.pix_fmt).map { String(cString: $0) } ?? ""
        converter = try FrameConverter(encoder: encoder, color: encoder.color)
        warnings = plan.warnings(reader.info)
        try addStreams()
        muxer.addChapters(of: reader)
        copyMetadata(reader.demuxer.context.pointee.metadata, to: &muxer.context.pointee.metadata)
        try muxer.begin(options: muxerOptions(isStream: isStream ?? (url == "-"), isSequence: sequence != nil))
        try writeCovers()
        if !carriers.isEmpty { reader.packetHandler = { [unowned self] packet in try carry(packet) } }
    }

    // MARK: Drawn pictures

    /// Encodes the next picture. Encode stage.
    ///
    /// - Parameter beginsSegment: the encoder starts afresh with it, so that what becomes of it does not depend on the
    ///   pictures before. Files of pictures have no segments.
    package func encode(_ picture: Picture, beginsSegment: Bool = false) throws {
        if beginsSegment, encoder.hasPictures, !plan.isPictureFile {
            try encodeAny(nil)
            let next = try makeEncoder()
            next.follow(encoder)
            encoder = next
        }
        try encodeAny(picture)
    }

    private func encodeAny(_ picture: Picture?) throws {
        try encoder.encode(picture, into: packet) { packet in
            // The muxer then names the file after the time.
            if keepsNumbers, let number = reader.number(at: packet.pointer.pointee.pts) {
                packet.pointer.pointee.pts = number
                packet.pointer.pointee.dts = number
            }
            try muxer.write(packet, to: drawnIndex, timeBase: encoder.timeBase)
        }
    }

    /// Drains encoders and completes the file. Called once, when all stages have ended.
    package func finish() throws {
        try encodeAny(nil)
        try finishOthers()
    }

    private func finishOthers() throws {
        let end = reader.cut
        for packet in waiting where end.map({ span(of: packet).begin < $0 }) ?? true { try release(packet, end: end) }
        waiting = []
        for index in carriers.keys.sorted() { try carriers[index]!.finish(end: end) }
        try muxer.finish()
    }

    // MARK: Pictures that were encoded before

    /// Writes a packet of the drawn stream, in the order of decoding.
    func copy(_ packet: Packet, timeBase: AVRational) throws {
        try muxer.write(packet, to: drawnIndex, timeBase: timeBase)
    }

    /// Completes a file whose drawn stream was copied.
    func finishCopy() throws { try finishOthers() }

    // MARK: Other streams

    /// Takes a packet of a stream that is not drawn. Decode stage.
    private func carry(_ packet: Packet) throws {
        guard carriers[Int(packet.pointer.pointee.stream_index)] != nil else { return }
        let end = reader.cut
        if let end, span(of: packet).begin >= end { return }
        waiting.append(packet.reference())
        let reached = reader.endTime
        let ready = waiting.prefix { isReady($0, reached: reached, end: end) }.count
        let overfull = max(ready, waiting.count - Self.patience)
        guard overfull > 0 else { return }
        for packet in waiting[..<overfull] { try release(packet, end: end) }
        waiting.removeFirst(overfull)
    }

    private func isReady(_ packet: Packet, reached: Double, end: Double?) -> Bool {
        let span = span(of: packet)
        let needsAll = carriers[Int(packet.pointer.pointee.stream_index)]?.needsWholePacket == true
        return (needsAll ? span.end : span.begin) < reached
    }

    /// Seconds of the output at which the packet begins and ends.
    private func span(of packet: Packet) -> (begin: Double, end: Double) {
        let raw = packet.pointer.pointee
        let ticks = raw.pts == SHIM_NO_TIMESTAMP ? raw.dts : raw.pts
        guard ticks != SHIM_NO_TIMESTAMP else { return (-.infinity, -.infinity) }
        let base = reader.demuxer.stream(Int(raw.stream_index)).pointee.time_base
        let begin = Double(av_rescale_q(ticks, base, shimMicroseconds) - reader.zero) / 1e6
        return (begin, begin + Double(max(0, raw.duration)) * av_q2d(base))
    }

    private func release(_ packet: Packet, end: Double?) throws {
        try carriers[Int(packet.pointer.pointee.stream_index)]?.carry(packet, end: end)
    }

    // MARK: Setting up

    private func addStreams() throws {
        for entry in plan.entries {
            switch entry.action {
            case .drop: continue
            case .draw: addDrawnStream()
            case .attach: muxer.attachCover(of: reader.demuxer.stream(entry.stream))
            case .copy, .convert:
                carriers[entry.stream] = try StreamCarrier(
                    reader.info.streams[entry.stream], action: entry.action, of: reader.demuxer,
                    .init(zero: reader.zero, cutsStart: (reader.options.start ?? 0) > 0), muxer: muxer,
                    container: plan.container)
            }
        }
    }

    private func addDrawnStream() {
        let input = reader.demuxer.stream(reader.info.drawnStream!)
        let stream = muxer.addStream()
        let rate = AVRational(reader.picture.frameRate)
        drawnIndex = Int(stream.pointee.index)
        avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context)
        // AVI counts frames; everything else keeps the input's ticks.
        stream.pointee.time_base = plan.container == "avi" ? AVRational(num: rate.den, den: rate.num) : encoder.timeBase
        stream.pointee.avg_frame_rate = rate
        stream.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
        // Apple's players know HEVC by this name only.
        if ["mp4", "mov", "ipod"].contains(plan.container), encoder.context.pointee.codec_id == AV_CODEC_ID_HEVC {
            stream.pointee.codecpar.pointee.codec_tag = UInt32(SHIM_TAG_HVC1)
        }
        shim_copy_side_data(stream, input, 0)
        stream.pointee.disposition = input.pointee.disposition
        copyMetadata(input.pointee.metadata, to: &stream.pointee.metadata)
        if encoder.keepsAlpha, ["webm", "matroska"].contains(plan.container), encoderName.hasPrefix("libvpx") {
            av_dict_set(&stream.pointee.metadata, "alpha_mode", "1", 0)
        }
    }

    /// Cover pictures are one packet that the demuxer holds ready; a seek would have lost it.
    private func writeCovers() throws {
        for (index, carrier) in carriers where reader.info.streams[index].isAttachedPicture {
            try carrier.carryCover(reader.demuxer.stream(index).pointee.attached_pic)
            carriers[index] = nil
        }
    }

    private func muxerOptions(isStream: Bool, isSequence: Bool) -> [String: String] {
        switch plan.container {
        case "mp4", "mov", "ipod":
            // The index goes to the front, so that a browser can play while it loads; a pipe cannot go back.
            var flags = isStream ? "frag_keyframe+empty_moov+default_base_moof" : "faststart"
            // Cameras' own tags have no place in the older list of tags.
            if FFmpegDictionary.entries(muxer.context.pointee.metadata).contains(where: { $0.key.hasPrefix("com.") }) {
                flags += "+use_metadata_tags"
            }
            return ["movflags": flags]
        case "matroska":
            // Where the input says which streams are chosen by default, that holds; else the muxer decides.
            let says = reader.info.streams.contains { $0.dispositions.contains("default") }
            return says ? ["default_mode": "passthrough"] : [:]
        case "image2":
            guard isSequence else { return ["update": "1"] }
            return keepsNumbers ? ["frame_pts": "1"] : ["start_number": "1"]
        default: return [:]
        }
    }

    /// What the encoder of the drawn stream is set up for.
    static func target(
        _ reader: MediaReader, _ plan: OutputPlan, width: Int, height: Int, globalHeader: Bool
    ) -> VideoEncoder.Target {
        VideoEncoder.Target(
            width: width, height: height, aspect: aspect(reader.picture, width: width, height: height),
            picture: reader.picture, globalHeader: globalHeader, container: plan.container,
            isPictureFile: plan.isPictureFile)
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
}

extension AVRational {
    init(_ timeBase: TimeBase) { self.init(num: timeBase.numerator, den: timeBase.denominator) }
}
