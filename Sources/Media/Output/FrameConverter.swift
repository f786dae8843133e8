internal import CFFmpeg
package import Frames

/// Turns drawn RGB frames into pictures in the encoder's pixel format, matrix and range. Used by one stage at a time.
package final class FrameConverter {
    private let scaler: Scaler
    private let palette: String?
    private var filters: FilterGraph?
    private let width: Int32
    private let height: Int32
    private let pool: PicturePool

    init(encoder: VideoEncoder, color: ColorDescription) throws(SakugaError) {
        let context = encoder.context.pointee
        (width, height) = (context.width, context.height)
        let isPalette = context.pix_fmt == AV_PIX_FMT_PAL8
        // A palette of its own for every picture: 256 colours are few.
        palette =
            isPalette
            ? "split[a][b];[a]palettegen=stats_mode=single:reserve_transparent=0[p];"
                + "[b][p]paletteuse=new=1:dither=bayer:bayer_scale=4" : nil
        let format = isPalette ? AV_PIX_FMT_RGB24 : context.pix_fmt
        pool = try PicturePool(format: format, width: width, height: height)
        scaler = try Scaler(
            from: .rgb(width: Int(width), height: Int(height)),
            to: Scaler.Side(width: width, height: height, format: format, color: color))
    }

    /// Converts a frame of the encoder's size. Uses sws_scale.
    package func picture(from frame: Frame) throws(SakugaError) -> Picture {
        precondition(frame.pixels.width == Int(width) && frame.pixels.height == Int(height))
        let picture = try pool.makePicture()
        try check(
            shim_scale_from_bytes(
                scaler.context, frame.pixels.bytes, Int32(frame.pixels.stride), height, picture.pointer), .software,
            "cannot convert picture \(frame.number)", call: "sws_scale")
        let shown = try palette.map { (chain) throws(SakugaError) in try quantized(picture, chain) } ?? picture
        shown.number = frame.number
        shown.timestamp = frame.timestamp
        shown.duration = frame.duration
        return shown
    }

    private func quantized(_ picture: Picture, _ chain: String) throws(SakugaError) -> Picture {
        let timeBase = AVRational(num: 1, den: 1000)
        if filters == nil { filters = try FilterGraph(chain, like: picture.pointer, timeBase: timeBase) }
        let copy = Picture()
        av_frame_ref(copy.pointer, picture.pointer)
        copy.pointer.pointee.pts = Int64(picture.number)
        try filters!.push(copy.pointer)
        let result = Picture()
        guard try filters!.pull(into: result.pointer) else {
            throw SakugaError(.software, "the palette filter held back a picture")
        }
        return result
    }
}
