internal import CFFmpeg
package import Foundation
package import Frames

/// Writes a single picture as PNG, whole or not at all. Uses FFmpeg's PNG encoder.
package enum PictureFile {
    /// - Throws: `.unavailable` without the encoder, `.cannotCreate` where the file cannot be written.
    package static func write(_ pixels: PixelBuffer, to url: URL) throws {
        let bytes = try encoded(pixels)
        do {
            try bytes.write(to: url, options: .atomic)
        } catch {
            throw SakugaError(.cannotCreate, "cannot write picture '\(url.path)': \(error.localizedDescription)")
        }
    }

    /// A picture as the bytes of a PNG file.
    package static func encoded(_ pixels: PixelBuffer) throws -> Data {
        let (width, height) = (Int32(pixels.width), Int32(pixels.height))
        guard let codec = avcodec_find_encoder(AV_CODEC_ID_PNG), let context = avcodec_alloc_context3(codec)
        else { throw SakugaError(.unavailable, "this FFmpeg has no PNG encoder") }
        defer {
            var freed: UnsafeMutablePointer<AVCodecContext>? = context
            avcodec_free_context(&freed)
        }
        context.pointee.width = width
        context.pointee.height = height
        context.pointee.pix_fmt = AV_PIX_FMT_RGB24
        context.pointee.time_base = AVRational(num: 1, den: 1)
        let failure = "cannot encode a picture of \(width)x\(height)"
        try check(avcodec_open2(context, codec, nil), .software, failure, call: "avcodec_open2")
        let picture = try PicturePool(format: AV_PIX_FMT_RGB24, width: width, height: height).makePicture()
        let frame = picture.pointer
        for y in 0..<pixels.height {
            memcpy(
                frame.pointee.data.0! + y * Int(frame.pointee.linesize.0), pixels.bytes + y * pixels.stride,
                pixels.width * 3)
        }
        frame.pointee.pts = 0
        try check(avcodec_send_frame(context, frame), .software, failure, call: "avcodec_send_frame")
        let packet = Packet()
        try check(
            avcodec_receive_packet(context, packet.pointer), .software, failure, call: "avcodec_receive_packet")
        return Data(bytes: packet.pointer.pointee.data, count: Int(packet.pointer.pointee.size))
    }
}
