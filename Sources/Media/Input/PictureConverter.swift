internal import CFFmpeg
internal import CPixels
package import Frames

/// Turns decoded pictures of any pixel format into 8-bit RGB frames of one size, honouring the picture's colour matrix,
/// range and chroma position. Used by one stage (convert) at a time.
package final class PictureConverter {
    /// What becomes of transparency.
    package enum Alpha: Sendable {
        /// The colours are taken as if all were opaque.
        case dropped
        /// Frames get the alpha plane of pictures that have one.
        case kept
        /// The same, and what is transparent gets the colour of the nearest that is not: whatever a program left there
        /// can then bleed neither into a resized picture nor into a drawing.
        case keptOverFilledColors
    }

    private let pool: FramePool
    private let alphaPool: AlphaPool?
    private let fillsColors: Bool
    /// Interleaved RGBA on the way to a frame and its alpha plane.
    private var blended: Picture?
    private var scaler: Scaler?
    /// RGBA of the picture's own size, where its colours are filled before its size changes.
    private var filled: Picture?
    private var resizer: Scaler?
    private var fillScratch: [Int32] = []
    private let fallback: ColorDescription

    /// - Parameters:
    ///   - pool: gives frames of the size to convert to.
    ///   - alpha: what becomes of the transparency of pictures that have some.
    package init(for picture: PictureDescription, pool: FramePool, alpha: Alpha = .kept) {
        self.pool = pool
        alphaPool = alpha != .dropped && picture.hasAlpha ? AlphaPool(width: pool.width, height: pool.height) : nil
        fillsColors = alpha == .keptOverFilledColors
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
        var frame = Frame(
            number: picture.number, timestamp: picture.timestamp, duration: picture.duration, pixels: pool.makeBuffer())
        if side.hasAlpha, let alphaPool {
            frame.alpha = try split(picture, side, into: frame.pixels, alphaPool)
        } else {
            try prepare(&scaler, from: side, to: .rgb(width: pool.width, height: pool.height))
            try scale(picture, with: scaler!, to: frame.pixels.bytes, stride: frame.pixels.stride)
        }
        return frame
    }

    private func prepare(
        _ scaler: inout Scaler?, from source: Scaler.Side, to target: Scaler.Side
    ) throws(SakugaError) {
        if scaler?.source != source || scaler?.destination != target { scaler = try Scaler(from: source, to: target) }
    }

    private func scale(
        _ picture: Picture, with scaler: Scaler, to bytes: UnsafeMutablePointer<UInt8>, stride: Int
    ) throws(SakugaError) {
        try check(
            shim_scale_to_bytes(scaler.context, picture.pointer, bytes, Int32(stride)), .software,
            "cannot convert picture \(picture.number)", call: "sws_scale")
    }

    private func split(
        _ picture: Picture, _ side: Scaler.Side, into pixels: PixelBuffer, _ alphaPool: AlphaPool
    ) throws(SakugaError) -> AlphaPlane {
        let whole = try rgba(&blended, width: Int32(pool.width), height: Int32(pool.height))
        let target = Scaler.Side.rgb(width: pool.width, height: pool.height, alpha: true)
        let raw = whole.pointer.pointee
        let (colors, stride) = (raw.data.0!, Int(raw.linesize.0))
        if fillsColors, side.width != raw.width || side.height != raw.height {
            let own = Scaler.Side.rgb(width: Int(side.width), height: Int(side.height), alpha: true)
            let source = try rgba(&filled, width: side.width, height: side.height)
            let (bytes, length) = (source.pointer.pointee.data.0!, Int(source.pointer.pointee.linesize.0))
            try prepare(&scaler, from: side, to: own)
            try scale(picture, with: scaler!, to: bytes, stride: length)
            fillTransparent(bytes, length, side.width, side.height)
            try prepare(&resizer, from: own, to: target)
            try scale(source, with: resizer!, to: colors, stride: stride)
        } else {
            try prepare(&scaler, from: side, to: target)
            try scale(picture, with: scaler!, to: colors, stride: stride)
            if fillsColors { fillTransparent(colors, stride, raw.width, raw.height) }
        }
        let plane = alphaPool.makePlane()
        pixels_split_alpha(
            colors, stride, pixels.bytes, pixels.stride, plane.bytes, Int32(pool.width), Int32(pool.height))
        return plane
    }

    /// The picture in `place`, made anew where it has another size.
    private func rgba(_ place: inout Picture?, width: Int32, height: Int32) throws(SakugaError) -> Picture {
        if let picture = place, picture.pointer.pointee.width == width, picture.pointer.pointee.height == height {
            return picture
        }
        let picture = try PicturePool(format: AV_PIX_FMT_RGBA, width: width, height: height).makePicture()
        place = picture
        return picture
    }

    private func fillTransparent(
        _ rgba: UnsafeMutablePointer<UInt8>, _ stride: Int, _ width: Int32, _ height: Int32
    ) {
        let count = Int(width) * Int(height)
        if fillScratch.count < count { fillScratch = [Int32](repeating: 0, count: count) }
        fillScratch.withUnsafeMutableBufferPointer {
            pixels_fill_transparent(rgba, stride, width, height, $0.baseAddress!)
        }
    }
}
