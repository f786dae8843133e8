internal import CFFmpeg
internal import Frames

/// Carries one stream that is not drawn from the input to the output: its packets as they are, or converted. Used by one
/// thread at a time.
final class StreamCarrier {
    private enum Work {
        case copy
        case sound(AudioConverter)
        case text(SubtitleConverter)
    }

    private let work: Work
    private let output: Int
    private let kind: MediaInfo.Kind
    private let timeBase: AVRational
    /// What is subtracted from every timestamp, in ticks of the stream.
    private let shift: Int64
    /// Matroska players take a sound's codec delay off its times, so it is put on them before, in seconds.
    private let codecDelay: AVRational
    private let cutsStart: Bool
    private let muxer: Muxer

    /// What maps the input's timeline to the output's.
    struct Timeline {
        /// Microseconds subtracted from every timestamp.
        var zero: Int64
        /// What lies before `zero` is cut away.
        var cutsStart = false
        /// The times come from a device's clock, which need not run as the samples do.
        var isClocked = false
    }

    /// Adds the stream to the muxer.
    ///
    /// - Throws: `.unavailable` when a codec for the conversion is missing.
    init(
        _ stream: MediaInfo.Stream, action: OutputPlan.Action, of demuxer: Demuxer, _ timeline: Timeline, muxer: Muxer,
        container: String
    ) throws(SakugaError) {
        let input = demuxer.stream(stream.index)
        let made = muxer.addStream()
        self.muxer = muxer
        (kind, output, timeBase) = (stream.kind, Int(made.pointee.index), input.pointee.time_base)
        shift = av_rescale_q(timeline.zero, shimMicroseconds, input.pointee.time_base)
        cutsStart = timeline.cutsStart
        let label = "\(stream.kind.rawValue) stream \(stream.index)"
        switch action {
        case .convert(let codec) where stream.kind == .subtitle:
            let converter = try SubtitleConverter(stream: input, codec: codec, label: label)
            converter.describe(made)
            work = .text(converter)
        case .convert(let codec):
            let hidesPriming = codec == "libopus" || ["mp4", "mov", "ipod"].contains(container)
            let converter = try AudioConverter(
                stream: input, codec: codec, timeline: timeline, dropsPriming: !hidesPriming,
                globalHeader: muxer.wantsGlobalHeader, label: label)
            converter.describe(made)
            work = .sound(converter)
        default:
            avcodec_parameters_copy(made.pointee.codecpar, input.pointee.codecpar)
            muxer.keepKnownTag(of: made)
            made.pointee.time_base = input.pointee.time_base
            made.pointee.avg_frame_rate = input.pointee.avg_frame_rate
            made.pointee.r_frame_rate = input.pointee.r_frame_rate
            made.pointee.sample_aspect_ratio = input.pointee.sample_aspect_ratio
            shim_copy_side_data(made, input, 1)
            muxer.holdsCopies = true
            work = .copy
        }
        let parameters = made.pointee.codecpar.pointee
        let delays =
            SHIM_MATROSKA_WANTS_CODEC_DELAY != 0 && ["matroska", "webm"].contains(container)
            && parameters.codec_id == AV_CODEC_ID_OPUS
        codecDelay = AVRational(num: delays ? parameters.initial_padding : 0, den: max(1, parameters.sample_rate))
        made.pointee.disposition = input.pointee.disposition
        copyMetadata(input.pointee.metadata, to: &made.pointee.metadata)
    }

    /// Sound is cut to the sample, so a packet must not go on before it is known whether its end belongs to the output.
    var needsWholePacket: Bool {
        if case .sound = work { return true }
        return false
    }

    /// Writes what `packet` becomes; the packet is used up.
    ///
    /// - Parameter end: seconds of the output at which the stream ends; nil: it runs to its own end.
    func carry(_ packet: Packet, end: Double?) throws {
        switch work {
        case .sound(let converter):
            try converter.convert(packet, end: end) { try write($0, timeBase: converter.timeBase) }
        case .text(let converter):
            if place(packet, end: end), converter.convert(packet) { try write(packet, timeBase: timeBase) }
        case .copy:
            guard place(packet, end: end) else { return }
            try write(packet, timeBase: timeBase)
        }
    }

    private func write(_ packet: Packet, timeBase: AVRational) throws {
        if codecDelay.num != 0 {
            let delay = av_rescale_q(1, codecDelay, timeBase)
            if packet.pointer.pointee.pts != SHIM_NO_TIMESTAMP { packet.pointer.pointee.pts &+= delay }
            if packet.pointer.pointee.dts != SHIM_NO_TIMESTAMP { packet.pointer.pointee.dts &+= delay }
        }
        try muxer.write(packet, to: output, timeBase: timeBase)
    }

    /// Writes what a converter still holds.
    func finish(end: Double?) throws {
        guard case .sound(let converter) = work else { return }
        try converter.convert(nil, end: end) { try write($0, timeBase: converter.timeBase) }
    }

    /// Writes the one packet of a cover picture.
    func carryCover(_ picture: AVPacket) throws {
        let packet = Packet()
        var picture = picture
        guard picture.size > 0, av_packet_ref(packet.pointer, &picture) >= 0 else { return }
        (packet.pointer.pointee.pts, packet.pointer.pointee.dts) = (0, 0)
        packet.pointer.pointee.flags |= AV_PKT_FLAG_KEY
        try muxer.write(packet, to: output, timeBase: timeBase)
    }

    /// Moves the packet to the output's timeline; false when nothing of it belongs there.
    private func place(_ packet: Packet, end: Double?) -> Bool {
        let raw = packet.pointer
        if raw.pointee.pts != SHIM_NO_TIMESTAMP { raw.pointee.pts -= shift }
        if raw.pointee.dts != SHIM_NO_TIMESTAMP { raw.pointee.dts -= shift }
        let pts = raw.pointee.pts
        guard pts != SHIM_NO_TIMESTAMP else { return true }
        // A packet that reaches into a trimmed output stays, with a negative start: an edit list or a common shift keeps
        // it in place.
        if cutsStart, pts < 0, pts + max(0, raw.pointee.duration) <= 0 { return false }
        if kind == .subtitle { clip(raw, end: end) }
        return true
    }

    /// Text is shown from the first picture on, and not after the last.
    private func clip(_ packet: UnsafeMutablePointer<AVPacket>, end: Double?) {
        if packet.pointee.pts < 0 {
            packet.pointee.duration += packet.pointee.pts
            (packet.pointee.pts, packet.pointee.dts) = (0, 0)
        }
        guard let end, end.isFinite else { return }
        let last = av_rescale_q(PlausibleTime.microseconds(end), shimMicroseconds, timeBase)
        packet.pointee.duration = min(packet.pointee.duration, max(0, last - packet.pointee.pts))
    }
}

/// Copies tags, but those that describe the old file's bytes and would lie about the new ones.
func copyMetadata(_ source: OpaquePointer?, to destination: inout OpaquePointer?) {
    let stale = [
        "major_brand", "minor_version", "compatible_brands", "encoder", "rotate", "DURATION", "BPS",
        "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES", "vendor_id", "alpha_mode",
    ]
    for (key, value) in FFmpegDictionary.entries(source)
    where !stale.contains(where: { key == $0 || key.hasPrefix($0 + "-") }) && !key.hasPrefix("_STATISTICS") {
        av_dict_set(&destination, key, value, 0)
    }
}
