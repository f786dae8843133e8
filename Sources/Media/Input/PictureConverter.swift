internal import CFFmpeg
package import Frames

/// Turns decoded pictures of any pixel format into 8-bit RGB frames of one size, honouring the picture's colour matrix,
/// range and chroma position. Used by one stage (convert) at a time.
package final class PictureConverter {
    private let pool: FramePool
    private var scaler: Scaler?
    private let fallback: ColorDescription

    /// - Parameter pool: gives frames of the size to convert to.
    package init(for picture: PictureDescription, pool: FramePool) {
        self.pool = pool
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
        if scaler?.source != side {
            scaler = try Scaler(from: side, to: .rgb(width: pool.width, height: pool.height))
        }
        let pixels = pool.makeBuffer()
        try check(
            shim_scale_to_bytes(scaler!.context, picture.pointer, pixels.bytes, Int32(pixels.stride)), .software,
            "cannot convert picture \(picture.number)", call: "sws_scale")
        return Frame(
            number: picture.number, timestamp: picture.timestamp, duration: picture.duration, pixels: pixels)
    }
}
