internal import CFFmpeg

/// Bounds of times and durations. What lies outside comes from a damaged file or a slip of the hand, and sums of it
/// would overflow: FFmpeg's own conversions then return the least Int64, Swift's arithmetic traps.
///
/// A time base has 31 bits, so 2³¹ seconds are less than 2⁶² ticks of any. A time on the input's timeline (at most 2⁶¹
/// ticks), less the input's start (2⁶²), plus a duration (2⁶¹) stays below 2⁶³.
enum PlausibleTime {
    /// 68 years either way: a stream may count from 1970.
    private static let limit: Int64 = (1 << 31) * Int64(AV_TIME_BASE)
    private static let tickLimit: Int64 = 1 << 61 - 1

    /// Whether `ticks` of `base` is a time that a sound file may hold; a missing timestamp is none.
    static func holds(_ ticks: Int64, in base: AVRational) -> Bool {
        (-tickLimit...tickLimit).contains(ticks) && holds(microseconds: av_rescale_q(ticks, base, shimMicroseconds))
    }

    static func holds(microseconds: Int64) -> Bool { (-limit...limit).contains(microseconds) }

    /// Seconds on the output's timeline as microseconds: at most half the bounds, so that the input's start may be added.
    static func microseconds(_ seconds: Double) -> Int64 {
        guard !seconds.isNaN else { return 0 }
        let bound = Double(limit / 2)
        return Int64(min(max((seconds * 1e6).rounded(), -bound), bound))
    }

    /// Takes timestamps that cannot be true off a packet, as if they were missing.
    static func enforce(on packet: UnsafeMutablePointer<AVPacket>, timeBase: AVRational) {
        if !holds(packet.pointee.pts, in: timeBase) { packet.pointee.pts = SHIM_NO_TIMESTAMP }
        if !holds(packet.pointee.dts, in: timeBase) { packet.pointee.dts = SHIM_NO_TIMESTAMP }
        if packet.pointee.duration < 0 || !holds(packet.pointee.duration, in: timeBase) { packet.pointee.duration = 0 }
    }
}
