internal import CFFmpeg
internal import CPixels
package import Frames

/// Turns drawn RGB frames into pictures in the encoder's pixel format, matrix and range, with the alpha plane where the
/// format has one. Used by one stage at a time.
package final class FrameConverter {
    private let encoderFormat: AVPixelFormat
    private let color: ColorDescription
    private let width: Int32
    private let height: Int32
    private let hasAlpha: Bool
    private let pool: PicturePool
    /// Interleaved RGBA on the way to the encoder's format.
    private let blended: PicturePool?
    /// Nil where frames become RGBA, which takes no conversion.
    private var scaler: Scaler?
    private let target: Scaler.Side
    private var palette: FilterGraph?

    init(encoder: VideoEncoder, color: ColorDescription) throws(SakugaError) {
        let context = encoder.context.pointee
        (width, height, encoderFormat) = (context.width, context.height, context.pix_fmt)
        self.color = color
        hasAlpha = encoder.keepsAlpha
        let isPalette = encoderFormat == AV_PIX_FMT_PAL8
        let format = isPalette ? hasAlpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24 : encoderFormat
        pool = try PicturePool(format: format, width: width, height: height)
        let isBlend = hasAlpha && format == AV_PIX_FMT_RGBA
        blended = hasAlpha && !isBlend ? try PicturePool(format: AV_PIX_FMT_RGBA, width: width, height: height) : nil
        target = Scaler.Side(width: width, height: height, format: format, color: color)
        scaler =
            isBlend
            ? nil : try Scaler(from: .rgb(width: Int(width), height: Int(height), alpha: hasAlpha), to: target)
    }

    /// Converts a frame, which may have another size than the encoder's where no alpha is kept. Uses sws_scale.
    package func picture(from frame: Frame) throws(SakugaError) -> Picture {
        let (columns, rows) = (frame.pixels.width, frame.pixels.height)
        precondition(!hasAlpha || columns == Int(width) && rows == Int(height))
        if let current = scaler, current.source.width != Int32(columns) || current.source.height != Int32(rows) {
            scaler = try Scaler(from: .rgb(width: columns, height: rows), to: target)
        }
        var picture = try pool.makePicture()
        if let blended {
            let whole = try blended.makePicture()
            merge(frame, into: whole)
            try scale(
                whole.pointer.pointee.data.0!, stride: Int(whole.pointer.pointee.linesize.0), frame, into: picture)
        } else if scaler == nil {
            merge(frame, into: picture)
        } else {
            try scale(frame.pixels.bytes, stride: frame.pixels.stride, frame, into: picture)
        }
        if encoderFormat == AV_PIX_FMT_PAL8 { picture = try quantized(picture, number: frame.number) }
        describe(picture)
        picture.number = frame.number
        picture.timestamp = frame.timestamp
        picture.duration = frame.duration
        return picture
    }

    private func describe(_ picture: Picture) {
        picture.pointer.pointee.color_primaries = color.primaries
        picture.pointer.pointee.color_trc = color.transfer
        picture.pointer.pointee.colorspace = color.matrix
        picture.pointer.pointee.color_range = color.range
        picture.pointer.pointee.chroma_location = color.chromaLocation
    }

    private func merge(_ frame: Frame, into picture: Picture) {
        let rgba = picture.pointer.pointee
        pixels_merge_alpha(
            frame.pixels.bytes, frame.pixels.stride, frame.alpha?.bytes, rgba.data.0!, Int(rgba.linesize.0), width,
            height)
    }

    private func scale(
        _ bytes: UnsafePointer<UInt8>, stride: Int, _ frame: Frame, into picture: Picture
    ) throws(SakugaError) {
        try check(
            shim_scale_from_bytes(
                scaler!.context, bytes, Int32(stride), Int32(frame.pixels.height), picture.pointer), .software,
            "cannot convert picture \(frame.number)", call: "sws_scale")
    }

    /// Reduces a picture to 256 colours, a palette of its own for every picture.
    private func quantized(_ picture: Picture, number: Int) throws(SakugaError) -> Picture {
        let timeBase = AVRational(num: 1, den: 1000)
        // A filter graph of its own for every picture would be costly; one that runs on holds the last picture back.
        picture.pointer.pointee.pts = Int64(number)
        if palette == nil {
            let transparency = hasAlpha ? "reserve_transparent=1" : "reserve_transparent=0"
            palette = try FilterGraph(
                "split[a][b];[a]palettegen=stats_mode=single:\(transparency)[p];"
                    + "[b][p]paletteuse=new=1:dither=bayer:bayer_scale=4:alpha_threshold=128", like: picture.pointer,
                timeBase: timeBase)
        }
        try palette!.push(picture.pointer)
        let result = Picture()
        guard try palette!.pull(into: result.pointer) else {
            throw SakugaError(.software, "the palette filter held back a picture")
        }
        return result
    }
}
