internal import CFFmpeg
internal import CPixels
package import Frames

/// Turns decoded pictures of any pixel format into 8-bit RGB frames of one size, honouring the picture's colour matrix,
/// range and chroma position. Used by one stage (convert) at a time.
package final class PictureConverter {
    private let pool: FramePool
    private let alphaPool: AlphaPool?
    /// Interleaved RGBA on the way to a frame and its alpha plane.
    private var blended: Picture?
    private var scaler: Scaler?
    private let fallback: ColorDescription

    /// - Parameters:
    ///   - pool: gives frames of the size to convert to.
    ///   - keepsAlpha: frames get the alpha plane of pictures that have one.
    package init(for picture: PictureDescription, pool: FramePool, keepsAlpha: Bool = true) {
        self.pool = pool
        alphaPool = keepsAlpha && picture.hasAlpha ? AlphaPool(width: pool.width, height: pool.height) : nil
        fallback = picture.color
    }

    /// Converts one picture. A stream may change its size or format on the way; the frames keep theirs.
    ///
    /// - Throws: `.data` when swscale cannot read the picture's format. Uses sws_scale.
    package func frame(from picture: Picture) throws(SakugaError) -> Frame {
        let raw = picture.pointer.pointee
        var color = ColorDescription(picture.pointer)
        // Filters may forget what the decoder knew.
        if color.matrix == AVCOL_SPC_UNSPECIFIED { color.matrix = fallback.matrix }
        if color.range == AVCOL_RANGE_UNSPECIFIED { color.range = fallback.range }
        let side = Scaler.Side(width: raw.width, height: raw.height, format: picture.format, color: color)
        let hasAlpha = alphaPool != nil && side.hasAlpha
        let target = Scaler.Side.rgb(width: pool.width, height: pool.height, alpha: hasAlpha)
        if scaler?.source != side || scaler?.destination != target { scaler = try Scaler(from: side, to: target) }
        var frame = Frame(
            number: picture.number, timestamp: picture.timestamp, duration: picture.duration, pixels: pool.makeBuffer())
        if hasAlpha, let alphaPool {
            frame.alpha = try split(picture, into: frame.pixels, alphaPool)
        } else {
            try scale(picture, to: frame.pixels.bytes, stride: frame.pixels.stride)
        }
        return frame
    }

    private func scale(_ picture: Picture, to bytes: UnsafeMutablePointer<UInt8>, stride: Int) throws(SakugaError) {
        try check(
            shim_scale_to_bytes(scaler!.context, picture.pointer, bytes, Int32(stride)), .software,
            "cannot convert picture \(picture.number)", call: "sws_scale")
    }

    private func split(
        _ picture: Picture, into pixels: PixelBuffer, _ alphaPool: AlphaPool
    ) throws(SakugaError) -> AlphaPlane {
        if blended == nil {
            blended = try PicturePool(format: AV_PIX_FMT_RGBA, width: Int32(pool.width), height: Int32(pool.height))
                .makePicture()
        }
        let rgba = blended!.pointer.pointee
        try scale(picture, to: rgba.data.0!, stride: Int(rgba.linesize.0))
        let plane = alphaPool.makePlane()
        pixels_split_alpha(
            rgba.data.0!, Int(rgba.linesize.0), pixels.bytes, pixels.stride, plane.bytes, Int32(pool.width),
            Int32(pool.height))
        return plane
    }
}
