/// What was wrong with an input that could still be drawn.
package struct DamageReport: Sendable, Equatable {
    /// How many packets or pictures were damaged or lost.
    package private(set) var count = 0
    /// Seconds into the output at which the first damage was met.
    package private(set) var firstTime: Double = 0
    /// FFmpeg's words for the first.
    package private(set) var firstReason = ""

    package var isClean: Bool { count == 0 }

    mutating func record(_ reason: String, at seconds: Double) {
        if count == 0 {
            firstReason = reason
            firstTime = seconds
        }
        count += 1
    }
}
