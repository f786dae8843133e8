internal import CFFmpeg
package import Frames

/// Encodes RGB pictures as JPEG, one by one. Owns its AVCodecContext. Used by one thread at a time.
package final class JPEGEncoder {
    private var context: UnsafeMutablePointer<AVCodecContext>?
    private var scaler: Scaler?
    private var pool: PicturePool?
    private let packet = Packet()
    /// FFmpeg's scale of quality: 2 (best) to 31.
    private static let scale: Int32 = 3

    package init() {}

    deinit { avcodec_free_context(&context) }

    /// - Throws: `.unavailable` without the encoder.
    package func encoded(_ pixels: PixelBuffer) throws(SakugaError) -> [UInt8] {
        let (width, height) = (Int32(pixels.width), Int32(pixels.height))
        if context?.pointee.width != width || context?.pointee.height != height { try prepare(width, height) }
        let failure = "cannot encode a picture of \(width)×\(height) as JPEG"
        let picture = try pool!.makePicture()
        try check(
            shim_scale_from_bytes(scaler!.context, pixels.bytes, Int32(pixels.stride), height, picture.pointer),
            .software, failure, call: "sws_scale")
        picture.pointer.pointee.quality = context!.pointee.global_quality
        try check(avcodec_send_frame(context, picture.pointer), .software, failure, call: "avcodec_send_frame")
        packet.unreference()
        try check(
            avcodec_receive_packet(context, packet.pointer), .software, failure, call: "avcodec_receive_packet")
        return Array(UnsafeBufferPointer(start: packet.pointer.pointee.data, count: Int(packet.pointer.pointee.size)))
    }

    private func prepare(_ width: Int32, _ height: Int32) throws(SakugaError) {
        avcodec_free_context(&context)
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG), let made = avcodec_alloc_context3(codec) else {
            throw SakugaError(.unavailable, "this FFmpeg has no JPEG encoder")
        }
        context = made
        let color = ColorDescription.jpeg
        (made.pointee.width, made.pointee.height) = (width, height)
        made.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
        made.pointee.color_range = AVCOL_RANGE_JPEG
        made.pointee.time_base = AVRational(num: 1, den: 1)
        made.pointee.flags |= AV_CODEC_FLAG_QSCALE
        made.pointee.global_quality = Self.scale * FF_QP2LAMBDA
        try check(
            avcodec_open2(made, codec, nil), .unavailable, "cannot encode pictures as JPEG", call: "avcodec_open2")
        pool = try PicturePool(format: AV_PIX_FMT_YUVJ420P, width: width, height: height)
        scaler = try Scaler(
            from: .rgb(width: Int(width), height: Int(height)),
            to: .init(width: width, height: height, format: AV_PIX_FMT_YUVJ420P, color: color))
    }
}
