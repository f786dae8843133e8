internal import CFFmpeg
package import Frames

/// The pictures of an input as they are drawn: upright, progressive.
package struct PictureDescription: Sendable {
    package let width: Int
    package let height: Int
    package let timeBase: TimeBase
    /// Frames per second as a fraction: a hint for encoders, never a source of timestamps.
    package let frameRate: TimeBase
    /// How the picture is stored, as EXIF counts: 1 is upright.
    package let storedOrientation: Int
    package let isDeinterlaced: Bool
    package let isToneMapped: Bool
    /// The stored pixels carry transparency.
    package let hasAlpha: Bool
    /// The stored pixels are luma and chroma, which a matrix joins.
    let hasMatrix: Bool
    let aspect: AVRational
    let color: ColorDescription

    init(
        _ frame: UnsafeMutablePointer<AVFrame>, setup: UprightFilter.Setup, stored: Orientation, timeBase: AVRational,
        frameRate: AVRational,
        guessedAspect: AVRational
    ) {
        let raw = frame.pointee
        let sideways = setup.orientation.isSideways
        width = Int(sideways ? raw.height : raw.width)
        height = Int(sideways ? raw.width : raw.height)
        self.timeBase = TimeBase(timeBase.num, timeBase.den)
        self.frameRate = TimeBase(frameRate.num, frameRate.den)
        storedOrientation = stored.rawValue
        isDeinterlaced = setup.deinterlaces
        isToneMapped = setup.toneMaps
        let guessed = guessedAspect.num > 0 && guessedAspect.den > 0 ? guessedAspect : AVRational(num: 0, den: 1)
        aspect = sideways && guessed.num > 0 ? AVRational(num: guessed.den, den: guessed.num) : guessed
        color = setup.toneMaps ? .highDefinition : ColorDescription(frame)
        let descriptor = av_pix_fmt_desc_get(AVPixelFormat(raw.format))?.pointee
        hasAlpha = (descriptor?.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
        let isPalette = (descriptor?.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_PAL) != 0
        let isRGB = (descriptor?.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
        // Grey pictures have one plane, with or without alpha.
        hasMatrix = !isRGB && !isPalette && (descriptor?.nb_components ?? 3) > 2
    }
}
