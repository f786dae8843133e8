internal import CFFmpeg
internal import Frames

/// One swscale conversion with colour matrix, range and chroma position set. Owns its SwsContext.
///
/// swscale assumes BT.601 and limited range unless told otherwise; here it is always told.
final class Scaler {
    struct Side: Equatable {
        var width: Int32
        var height: Int32
        var format: AVPixelFormat
        /// SWS_CS_*; without meaning for RGB.
        var matrix: Int32
        var isFullRange: Bool
        var chroma: (x: Int32, y: Int32)

        static func == (a: Side, b: Side) -> Bool {
            a.width == b.width && a.height == b.height && a.format == b.format && a.matrix == b.matrix
                && a.isFullRange == b.isFullRange && a.chroma == b.chroma
        }

        var hasAlpha: Bool {
            (av_pix_fmt_desc_get(format)?.pointee.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
        }

        /// Interleaved 8-bit RGB or RGBA.
        static func rgb(width: Int, height: Int, alpha: Bool = false) -> Side {
            Side(
                width: Int32(width), height: Int32(height), format: alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24,
                matrix: SWS_CS_DEFAULT,
                isFullRange: true, chroma: (-513, -513))
        }

        init(
            width: Int32, height: Int32, format: AVPixelFormat, matrix: Int32, isFullRange: Bool,
            chroma: (x: Int32, y: Int32)
        ) {
            (self.width, self.height, self.format) = (width, height, format)
            (self.matrix, self.isFullRange, self.chroma) = (matrix, isFullRange, chroma)
        }

        init(width: Int32, height: Int32, format: AVPixelFormat, color: ColorDescription) {
            let descriptor = av_pix_fmt_desc_get(format)?.pointee
            let isRGB = (descriptor?.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
            let chroma = color.chromaPosition(
                horizontally: (descriptor?.log2_chroma_w ?? 0) > 0, vertically: (descriptor?.log2_chroma_h ?? 0) > 0)
            // Grey pictures are full-range unless they say otherwise, as photographs and scans are.
            let isGrey = !isRGB && (descriptor?.nb_components ?? 3) < 3 && color.range != AVCOL_RANGE_MPEG
            let isJPEG = ColorDescription.isFullRangeByName(format)
            self.init(
                width: width, height: height, format: format,
                matrix: color.scalerMatrix(width: Int(width), height: Int(height)),
                isFullRange: isRGB || isJPEG || isGrey || color.range == AVCOL_RANGE_JPEG, chroma: chroma)
        }
    }

    let source: Side
    let destination: Side
    let context: OpaquePointer

    /// - Throws: `.data` when swscale does not know a format or size.
    init(from source: Side, to destination: Side) throws(SakugaError) {
        self.source = source
        self.destination = destination
        func describe(_ side: Side) -> String {
            "\(av_get_pix_fmt_name(side.format).map { String(cString: $0) } ?? "?") \(side.width)×\(side.height)"
        }
        let action = "cannot convert \(describe(source)) to \(describe(destination))"
        guard let context = sws_alloc_context() else { preconditionFailure("out of memory") }
        // Area averaging when shrinking (no aliasing), bicubic otherwise.
        let shrinks = destination.width < source.width && destination.height < source.height
        let flags = (shrinks ? SWS_AREA : SWS_BICUBIC) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT
        let settings: [(String, Int64)] = [
            ("srcw", Int64(source.width)), ("srch", Int64(source.height)),
            ("src_format", Int64(source.format.rawValue)),
            ("dstw", Int64(destination.width)), ("dsth", Int64(destination.height)),
            ("dst_format", Int64(destination.format.rawValue)), ("sws_flags", Int64(flags)),
            ("src_h_chr_pos", Int64(source.chroma.x)), ("src_v_chr_pos", Int64(source.chroma.y)),
            ("dst_h_chr_pos", Int64(destination.chroma.x)), ("dst_v_chr_pos", Int64(destination.chroma.y)),
        ]
        let object = UnsafeMutableRawPointer(context)
        for (key, value) in settings { av_opt_set_int(object, key, value, 0) }
        sws_setColorspaceDetails(
            context, sws_getCoefficients(source.matrix), source.isFullRange ? 1 : 0,
            sws_getCoefficients(destination.matrix), destination.isFullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
        let code = sws_init_context(context, nil, nil)
        guard code >= 0 else {
            sws_freeContext(context)
            throw SakugaError(ffmpeg: code, .data, action, call: "sws_init_context")
        }
        sws_setColorspaceDetails(
            context, sws_getCoefficients(source.matrix), source.isFullRange ? 1 : 0,
            sws_getCoefficients(destination.matrix), destination.isFullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
        self.context = context
    }

    deinit { sws_freeContext(context) }
}
