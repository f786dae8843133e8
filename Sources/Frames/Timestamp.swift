/// A rational number of seconds per tick, as FFmpeg's time bases are.
package struct TimeBase: Sendable, Hashable {
    package var numerator: Int32
    package var denominator: Int32

    package init(_ numerator: Int32, _ denominator: Int32) {
        self.numerator = numerator
        self.denominator = denominator
    }

    package var seconds: Double { Double(numerator) / Double(denominator) }
}

/// A presentation timestamp: `ticks` of a `timeBase`. It is carried from decoder to muxer as it is, never rebuilt from a
/// frame rate.
package struct Timestamp: Sendable, Hashable {
    package var ticks: Int64
    package var timeBase: TimeBase

    package init(ticks: Int64, timeBase: TimeBase) {
        self.ticks = ticks
        self.timeBase = timeBase
    }

    package var seconds: Double { Double(ticks) * timeBase.seconds }
}
