internal import CFFmpeg
internal import Frames

/// A video or audio decoder for one stream. Owns its AVCodecContext. Used by one thread at a time.
final class Decoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    let label: String
    private var draining = false

    /// Opens FFmpeg's decoder for `stream`. `label` names the stream in messages ("video stream 0 of 'in.mkv'").
    ///
    /// - Throws: `.unavailable` when FFmpeg has no decoder for the codec, `.data` when it cannot be opened.
    init(stream: UnsafeMutablePointer<AVStream>, label: String, isLive: Bool = false) throws(SakugaError) {
        self.label = label
        let parameters = stream.pointee.codecpar!
        guard let codec = Self.codec(for: stream) else {
            throw SakugaError(
                .unavailable,
                "cannot decode \(label): this FFmpeg has no decoder for \(codecName(parameters.pointee.codec_id))",
                hint: "convert the file with another tool first")
        }
        guard let context = avcodec_alloc_context3(codec) else { preconditionFailure("out of memory") }
        self.context = context
        try check(
            avcodec_parameters_to_context(context, parameters), .data, "cannot decode \(label)",
            call: "avcodec_parameters_to_context")
        context.pointee.pkt_timebase = stream.pointee.time_base
        context.pointee.thread_count = 0
        if isLive {
            // A thread for every frame would hold back as many frames.
            context.pointee.thread_type = FF_THREAD_SLICE
            context.pointee.flags |= AV_CODEC_FLAG_LOW_DELAY
        }
        // A damaged picture is better shown than lost.
        context.pointee.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT
        try check(avcodec_open2(context, codec, nil), .data, "cannot decode \(label)", call: "avcodec_open2")
    }

    /// FFmpeg's decoder for the stream. Its own VP8 and VP9 decoders ignore transparency, libvpx shows it.
    private static func codec(for stream: UnsafeMutablePointer<AVStream>) -> UnsafePointer<AVCodec>? {
        let id = stream.pointee.codecpar.pointee.codec_id
        if id == AV_CODEC_ID_VP8 || id == AV_CODEC_ID_VP9,
            av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0).map({ $0.pointee.value.pointee == 49 }) == true,
            let codec = avcodec_find_decoder_by_name(id == AV_CODEC_ID_VP8 ? "libvpx" : "libvpx-vp9")
        {
            return codec
        }
        return avcodec_find_decoder(id)
    }

    deinit {
        var closing: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&closing)
    }

    /// Gives the decoder a packet, or nil to drain it. Returns FFmpeg's code: a bad packet is the caller's to count.
    func send(_ packet: Packet?) -> Int32 {
        if packet == nil {
            if draining { return 0 }
            draining = true
        }
        return avcodec_send_packet(context, packet?.pointer)
    }

    /// Forgets everything it was given, as after a seek.
    func flush() {
        avcodec_flush_buffers(context)
        draining = false
    }

    /// Takes the next decoded frame. `SHIM_ERROR_AGAIN`: send more first; `SHIM_ERROR_EOF`: drained.
    func receive(into frame: UnsafeMutablePointer<AVFrame>) -> Int32 {
        avcodec_receive_frame(context, frame)
    }
}

/// FFmpeg's name for a codec.
func codecName(_ codec: AVCodecID) -> String { String(cString: avcodec_get_name(codec)) }
