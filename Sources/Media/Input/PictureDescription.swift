internal import CFFmpeg
package import Frames

/// What a decoded picture goes through before it is drawn.
struct FilterChain {
    /// libavfilter descriptions, in order.
    var filters: [String] = []
    var deinterlaces = false
    var toneMaps = false
    var turns = false
}

/// The pictures of an input as they are drawn: upright, progressive.
package struct PictureDescription: Sendable {
    package let width: Int
    package let height: Int
    package let timeBase: TimeBase
    /// Frames per second as a fraction: a hint for encoders, never a source of timestamps.
    package let frameRate: TimeBase
    package let isDeinterlaced: Bool
    package let isToneMapped: Bool
    package let isTurned: Bool
    /// The stored pixels carry transparency.
    package let hasAlpha: Bool
    package let bitDepth: Int
    let isRGB: Bool
    let aspect: AVRational
    let color: ColorDescription
    let format: AVPixelFormat

    init(
        _ frame: UnsafeMutablePointer<AVFrame>, filters: FilterChain, timeBase: AVRational, frameRate: AVRational,
        guessedAspect: AVRational
    ) {
        let raw = frame.pointee
        let sideways =
            filters.turns && filters.filters.last?.hasPrefix("transpose") == true
        width = Int(sideways ? raw.height : raw.width)
        height = Int(sideways ? raw.width : raw.height)
        self.timeBase = TimeBase(timeBase.num, timeBase.den)
        self.frameRate = TimeBase(frameRate.num, frameRate.den)
        isDeinterlaced = filters.deinterlaces
        isToneMapped = filters.toneMaps
        isTurned = filters.turns
        let guessed = guessedAspect.num > 0 && guessedAspect.den > 0 ? guessedAspect : AVRational(num: 0, den: 1)
        aspect = sideways && guessed.num > 0 ? AVRational(num: guessed.den, den: guessed.num) : guessed
        color = filters.toneMaps ? .highDefinition(frame) : ColorDescription(frame)
        format = filters.toneMaps ? AV_PIX_FMT_YUV420P : AVPixelFormat(raw.format)
        let descriptor = av_pix_fmt_desc_get(AVPixelFormat(raw.format))?.pointee
        hasAlpha = (descriptor?.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
        isRGB = (descriptor?.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_RGB) != 0 || descriptor?.nb_components ?? 3 < 3
        bitDepth = Int(descriptor?.comp.0.depth ?? 8)
    }
}
