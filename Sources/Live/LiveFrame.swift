internal import Frames

/// A drawn frame on its way to the outputs.
struct LiveFrame: Sendable {
    var frame: Frame
    /// When the source showed its picture.
    var captured: ContinuousClock.Instant
}
