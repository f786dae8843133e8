internal import CFFmpeg

extension ColorDescription {
    /// The colours of an output: those of its source, except where the output's pixels must be something else.
    ///
    /// - Parameters:
    ///   - format: the encoder's pixel format.
    ///   - isPictureFile: the output is a picture, not a film. Viewers take transfer tags of pictures for gamma
    ///     correction; players show film as it is, and so shall the picture of a film look.
    static func output(
        for picture: PictureDescription, format: AVPixelFormat, isPictureFile: Bool
    ) -> ColorDescription {
        var color = picture.color
        let descriptor = av_pix_fmt_desc_get(format)?.pointee
        let flags = descriptor?.flags ?? 0
        if isPictureFile, picture.hasMatrix {
            (color.primaries, color.transfer) = (AVCOL_PRI_UNSPECIFIED, AVCOL_TRC_UNSPECIFIED)
        }
        if flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0 || flags & UInt64(AV_PIX_FMT_FLAG_PAL) != 0 {
            (color.matrix, color.range, color.chromaLocation) = (
                AVCOL_SPC_RGB, AVCOL_RANGE_JPEG, AVCHROMA_LOC_UNSPECIFIED
            )
            return color
        }
        if isFullRangeByName(format) {
            (color.matrix, color.range, color.chromaLocation) = (jpeg.matrix, jpeg.range, jpeg.chromaLocation)
            return color
        }
        if !picture.hasMatrix || color.matrix == AVCOL_SPC_RGB {
            // RGB and grey sources have no matrix to keep: they get what high definition players expect.
            (color.matrix, color.range, color.chromaLocation) = (AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, AVCHROMA_LOC_LEFT)
            if color.primaries == AVCOL_PRI_UNSPECIFIED { color.primaries = AVCOL_PRI_BT709 }
            if color.transfer == AVCOL_TRC_UNSPECIFIED { color.transfer = AVCOL_TRC_BT709 }
        }
        if color.matrix == AVCOL_SPC_BT2020_CL { color.matrix = AVCOL_SPC_BT2020_NCL }
        return color
    }

    /// The yuvj formats, which are the full-range ones by their name.
    static func isFullRangeByName(_ format: AVPixelFormat) -> Bool {
        [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ411P]
            .contains(format)
    }
}
