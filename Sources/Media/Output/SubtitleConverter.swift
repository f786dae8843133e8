internal import CFFmpeg
internal import Frames

/// Decodes one text subtitle stream and encodes it anew for another container. Used by one thread at a time.
final class SubtitleConverter {
    private let decoder: UnsafeMutablePointer<AVCodecContext>
    private let encoder: UnsafeMutablePointer<AVCodecContext>
    private let label: String
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(stream: UnsafeMutablePointer<AVStream>, codec name: String, label: String) throws(SakugaError) {
        self.label = label
        let parameters = stream.pointee.codecpar!
        guard let from = avcodec_find_decoder(parameters.pointee.codec_id), let to = avcodec_find_encoder_by_name(name),
            let decoder = avcodec_alloc_context3(from), let encoder = avcodec_alloc_context3(to)
        else { throw SakugaError(.unavailable, "this FFmpeg cannot convert \(label) to \(name)") }
        self.decoder = decoder
        self.encoder = encoder
        avcodec_parameters_to_context(decoder, parameters)
        decoder.pointee.pkt_timebase = stream.pointee.time_base
        try check(avcodec_open2(decoder, from, nil), .data, "cannot decode \(label)", call: "avcodec_open2")
        // The header holds the styles that the events refer to; the encoder frees it.
        if let header = decoder.pointee.subtitle_header, decoder.pointee.subtitle_header_size > 0 {
            let size = Int(decoder.pointee.subtitle_header_size)
            let copy = av_mallocz(size + 1)!.assumingMemoryBound(to: UInt8.self)
            copy.update(from: header, count: size)
            encoder.pointee.subtitle_header = copy
            encoder.pointee.subtitle_header_size = Int32(size)
        }
        encoder.pointee.time_base = shimMicroseconds
        try check(
            avcodec_open2(encoder, to, nil), .unavailable, "cannot encode \(label) as \(name)",
            call: "avcodec_open2", side: .output)
    }

    deinit {
        var closing: UnsafeMutablePointer<AVCodecContext>? = decoder
        avcodec_free_context(&closing)
        closing = encoder
        avcodec_free_context(&closing)
    }

    func describe(_ stream: UnsafeMutablePointer<AVStream>) {
        avcodec_parameters_from_context(stream.pointee.codecpar, encoder)
        stream.pointee.time_base = AVRational(num: 1, den: 1000)
    }

    /// Rewrites `packet` in place with the converted text; false when nothing is shown. A damaged subtitle is skipped.
    func convert(_ packet: Packet) -> Bool {
        var subtitle = AVSubtitle()
        var got: Int32 = 0
        guard avcodec_decode_subtitle2(decoder, &subtitle, &got, packet.pointer) >= 0, got != 0 else { return false }
        defer { avsubtitle_free(&subtitle) }
        subtitle.pts = 0
        let size = avcodec_encode_subtitle(encoder, &buffer, Int32(buffer.count), &subtitle)
        guard size > 0 else { return false }
        let (pts, dts) = (packet.pointer.pointee.pts, packet.pointer.pointee.dts)
        let duration = packet.pointer.pointee.duration
        packet.unreference()
        guard av_new_packet(packet.pointer, size) >= 0 else { return false }
        buffer.withUnsafeBufferPointer { packet.pointer.pointee.data.update(from: $0.baseAddress!, count: Int(size)) }
        packet.pointer.pointee.pts = pts
        packet.pointer.pointee.dts = dts
        packet.pointer.pointee.duration = duration
        packet.pointer.pointee.flags |= AV_PKT_FLAG_KEY
        return true
    }
}
