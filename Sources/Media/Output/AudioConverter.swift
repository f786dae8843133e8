internal import CFFmpeg
internal import Frames

/// Decodes one sound stream and encodes it anew, cut to the sample. Owns decoder, filters and encoder. Used by one
/// thread at a time.
final class AudioConverter {
    private let decoder: Decoder
    private let encoder: UnsafeMutablePointer<AVCodecContext>
    private let label: String
    private let inputTimeBase: AVRational
    private var filters: FilterGraph?
    /// What the filters are set up for.
    private var soundFormat: SoundFormat?
    private let frame = Picture()
    private let packet = Packet()
    private let zero: Int64
    private let cutsStart: Bool
    private let isClocked: Bool
    private let dropsPriming: Bool
    /// Where the next decoded sound belongs when it does not say, in microseconds of the output.
    private var nextTime: Int64 = 0

    private struct SoundFormat: Equatable {
        var rate: Int32
        var format: Int32
        var channels: Int32
    }

    var timeBase: AVRational { encoder.pointee.time_base }

    /// - Parameters:
    ///   - timeline: maps timestamps to the output's.
    ///   - dropsPriming: the container cannot hide the samples with which an encoder swings in, so packets that hold
    ///     nothing else are left out.
    init(
        stream: UnsafeMutablePointer<AVStream>, codec name: String, timeline: StreamCarrier.Timeline,
        dropsPriming: Bool, globalHeader: Bool, label: String
    ) throws(SakugaError) {
        (self.label, self.dropsPriming) = (label, dropsPriming)
        (zero, cutsStart, isClocked) = (timeline.zero, timeline.cutsStart, timeline.isClocked)
        decoder = try Decoder(stream: stream, label: label)
        inputTimeBase = stream.pointee.time_base
        guard let codec = avcodec_find_encoder_by_name(name), let context = avcodec_alloc_context3(codec) else {
            throw SakugaError(.unavailable, "this FFmpeg has no encoder '\(name)'")
        }
        encoder = context
        let parameters = stream.pointee.codecpar.pointee
        // Opus plays at 48 kHz whatever it was given, and containers count its delay so.
        context.pointee.sample_rate =
            name == "libopus" ? 48_000 : Self.sampleRate(nearest: parameters.sample_rate, codec: codec)
        context.pointee.sample_fmt = codec.pointee.sample_fmts?.pointee ?? AV_SAMPLE_FMT_FLTP
        let channels = min(max(1, parameters.ch_layout.nb_channels), 8)
        av_channel_layout_from_string(&context.pointee.ch_layout, Self.layout(channels, codec: name))
        context.pointee.bit_rate = Int64(channels) * 96_000
        context.pointee.time_base = AVRational(num: 1, den: context.pointee.sample_rate)
        if globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        try check(
            avcodec_open2(context, codec, nil), .unavailable, "cannot encode \(label) as \(name)",
            call: "avcodec_open2", side: .output
        )
    }

    deinit {
        var closing: UnsafeMutablePointer<AVCodecContext>? = encoder
        avcodec_free_context(&closing)
    }

    func describe(_ stream: UnsafeMutablePointer<AVStream>) {
        avcodec_parameters_from_context(stream.pointee.codecpar, encoder)
        stream.pointee.time_base = encoder.pointee.time_base
    }

    /// The layout of so many channels that decoders of the codec know without being told.
    private static func layout(_ channels: Int32, codec: String) -> String {
        let four = codec == "libopus" ? "quad" : "4.0"
        return ["mono", "stereo", "3.0", four, "5.0", "5.1", "6.1", "7.1"][Int(channels) - 1]
    }

    private static func sampleRate(nearest rate: Int32, codec: UnsafePointer<AVCodec>) -> Int32 {
        guard var offered = codec.pointee.supported_samplerates else { return rate }
        var best = offered.pointee
        while offered.pointee != 0 {
            if abs(offered.pointee - rate) < abs(best - rate) { best = offered.pointee }
            offered += 1
        }
        return best
    }

    /// Takes a packet of the stream (nil drains), and calls `emit` with what comes out.
    ///
    /// - Parameter end: seconds of the output from which sound is cut away; nil: nowhere.
    func convert(_ input: Packet?, end: Double?, emit: (Packet) throws -> Void) throws {
        // A damaged packet of sound is skipped: the resampler fills the gap with silence.
        _ = decoder.send(input)
        while decoder.receive(into: frame.pointer) == 0 {
            guard try placeOnTimeline(end: end) else { continue }
            try prepareFilters(emit)
            try filters!.push(frame.pointer)
            try drainFilters(emit)
        }
        if input == nil {
            try filters?.push(nil)
            try drainFilters(emit)
            try encode(nil, emit)
        }
    }

    /// Gives the decoded sound its place in the output, counted in its own samples; false when it lies past `end`.
    private func placeOnTimeline(end: Double?) throws -> Bool {
        let sound = frame.pointer
        let rate = AVRational(num: 1, den: max(1, sound.pointee.sample_rate))
        let stamp = sound.pointee.best_effort_timestamp
        let time =
            PlausibleTime.holds(stamp, in: inputTimeBase)
            ? av_rescale_q(stamp, inputTimeBase, shimMicroseconds) - zero : nextTime
        sound.pointee.pts = av_rescale_q(time, shimMicroseconds, rate)
        nextTime = time &+ av_rescale_q(Int64(sound.pointee.nb_samples), rate, shimMicroseconds)
        if sound.pointee.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC {
            av_channel_layout_default(&sound.pointee.ch_layout, sound.pointee.ch_layout.nb_channels)
        }
        guard let end else { return true }
        let left = av_rescale_q(PlausibleTime.microseconds(end), shimMicroseconds, rate) &- sound.pointee.pts
        sound.pointee.nb_samples = Int32(max(0, min(left, Int64(sound.pointee.nb_samples))))
        return left > 0
    }

    /// Sets the filters up for the decoded sound, and anew when its format changes on the way.
    private func prepareFilters(_ emit: (Packet) throws -> Void) throws {
        let sound = frame.pointer.pointee
        let format = SoundFormat(rate: sound.sample_rate, format: sound.format, channels: sound.ch_layout.nb_channels)
        guard format != soundFormat else { return }
        let kept = Picture()
        av_frame_move_ref(kept.pointer, frame.pointer)
        try filters?.push(nil)
        try drainFilters(emit)
        av_frame_move_ref(frame.pointer, kept.pointer)
        filters = try makeFilters(isFirst: soundFormat == nil)
        soundFormat = format
    }

    private func makeFilters(isFirst: Bool) throws -> FilterGraph {
        var layout = [CChar](repeating: 0, count: 128)
        av_channel_layout_describe(&encoder.pointee.ch_layout, &layout, layout.count)
        let layoutName = String(decoding: layout.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let sampleFormat = String(cString: av_get_sample_fmt_name(encoder.pointee.sample_fmt))
        // Gaps in the timestamps from 10 ms on are filled (jitter is smaller, a lost packet longer), so that sound stays
        // where it belongs.
        var chain = cutsStart && isFirst ? "atrim=start=0," : ""
        // A device's clock drifts and its times jitter: sound is stretched after it, unheard, by a hundredth at most.
        let stretch = encoder.pointee.sample_rate / 100
        chain += isClocked ? "aresample=async=\(stretch):min_hard_comp=0.2" : "aresample=async=1:min_hard_comp=0.01"
        chain += ",aformat=sample_fmts=\(sampleFormat):sample_rates=\(encoder.pointee.sample_rate)"
        chain += ":channel_layouts=\(layoutName)"
        let graph = try FilterGraph(
            chain, like: frame.pointer, soundTimeBase: AVRational(num: 1, den: frame.pointer.pointee.sample_rate))
        if encoder.pointee.frame_size > 0 { graph.setFrameSize(encoder.pointee.frame_size) }
        return graph
    }

    private func drainFilters(_ emit: (Packet) throws -> Void) throws {
        guard let filters else { return }
        while try filters.pull(into: frame.pointer) {
            frame.pointer.pointee.pts = av_rescale_q(
                frame.pointer.pointee.pts, filters.timeBase, encoder.pointee.time_base)
            try encode(frame.pointer, emit)
            av_frame_unref(frame.pointer)
        }
    }

    private func encode(_ frame: UnsafeMutablePointer<AVFrame>?, _ emit: (Packet) throws -> Void) throws {
        let code = avcodec_send_frame(encoder, frame)
        if code == SHIM_ERROR_EOF { return }
        try check(code, .software, "cannot encode \(label)", call: "avcodec_send_frame", side: .output)
        while true {
            packet.unreference()
            let code = avcodec_receive_packet(encoder, packet.pointer)
            if code == SHIM_ERROR_AGAIN || code == SHIM_ERROR_EOF { return }
            try check(code, .software, "cannot encode \(label)", call: "avcodec_receive_packet", side: .output)
            let raw = packet.pointer.pointee
            if dropsPriming, raw.pts + raw.duration <= 0 { continue }
            try emit(packet)
        }
    }
}
