internal import CFFmpeg

/// How numbers in a picture mean colours: what conversion honours and what is written to the output.
struct ColorDescription: Equatable {
    var primaries: AVColorPrimaries
    var transfer: AVColorTransferCharacteristic
    var matrix: AVColorSpace
    var range: AVColorRange
    var chromaLocation: AVChromaLocation

    init(_ frame: UnsafeMutablePointer<AVFrame>) {
        let frame = frame.pointee
        primaries = frame.color_primaries
        transfer = frame.color_trc
        matrix = frame.colorspace
        range = frame.color_range
        chromaLocation = frame.chroma_location
    }

    init(
        primaries: AVColorPrimaries, transfer: AVColorTransferCharacteristic, matrix: AVColorSpace, range: AVColorRange,
        chromaLocation: AVChromaLocation
    ) {
        (self.primaries, self.transfer, self.matrix) = (primaries, transfer, matrix)
        (self.range, self.chromaLocation) = (range, chromaLocation)
    }

    /// BT.709 in limited range, what high definition video is and what HDR is mapped to.
    static let highDefinition = ColorDescription(
        primaries: AVCOL_PRI_BT709, transfer: AVCOL_TRC_BT709, matrix: AVCOL_SPC_BT709, range: AVCOL_RANGE_MPEG,
        chromaLocation: AVCHROMA_LOC_LEFT)

    /// JFIF: BT.601 in full range, chroma in the middle.
    static let jpeg = ColorDescription(
        primaries: AVCOL_PRI_UNSPECIFIED, transfer: AVCOL_TRC_UNSPECIFIED, matrix: AVCOL_SPC_BT470BG,
        range: AVCOL_RANGE_JPEG, chromaLocation: AVCHROMA_LOC_CENTER)

    var isHDR: Bool { transfer == AVCOL_TRC_SMPTE2084 || transfer == AVCOL_TRC_ARIB_STD_B67 }

    /// The SWS_CS_* number of the matrix; where the file does not say, what players assume from the picture's size.
    func scalerMatrix(width: Int, height: Int) -> Int32 {
        switch matrix {
        case AVCOL_SPC_BT709: SWS_CS_ITU709
        case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: SWS_CS_ITU601
        case AVCOL_SPC_SMPTE240M: SWS_CS_SMPTE240M
        case AVCOL_SPC_FCC: SWS_CS_FCC
        case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: SWS_CS_BT2020
        default: width >= 1280 || height > 576 ? SWS_CS_ITU709 : SWS_CS_ITU601
        }
    }

    /// Where chroma samples lie inside their block of luma samples, in 1/256 of a luma sample, as swscale wants it.
    func chromaPosition(horizontally subsampledX: Bool, vertically subsampledY: Bool) -> (x: Int32, y: Int32) {
        let (x, y): (Int32, Int32) =
            switch chromaLocation {
            case AVCHROMA_LOC_CENTER: (128, 128)
            case AVCHROMA_LOC_TOPLEFT: (0, 0)
            case AVCHROMA_LOC_TOP: (128, 0)
            case AVCHROMA_LOC_BOTTOMLEFT: (0, 256)
            case AVCHROMA_LOC_BOTTOM: (128, 256)
            // MPEG-2, H.264 and HEVC place chroma at the left unless they say otherwise.
            default: (0, 128)
            }
        return (subsampledX ? x : -513, subsampledY ? y : -513)
    }
}
