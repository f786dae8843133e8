internal import Frames
internal import Temporal

/// Holds drawings still, segment by segment: what is done to a picture depends on its segment and the few pictures before
/// it that swing the smoothing in, and so is the same wherever drawing begins. Used by one thread, in order.
final class SegmentSmoothing {
    private let width: Int
    private let height: Int
    private let strength: SmoothingStrength
    private var current: TemporalFilter
    /// Swings in for the next segment.
    private var next: TemporalFilter?

    init(width: Int, height: Int, strength: SmoothingStrength) {
        (self.width, self.height, self.strength) = (width, height, strength)
        current = TemporalFilter(width: width, height: height, strength: strength)
    }

    private func makeFilter() -> TemporalFilter { TemporalFilter(width: width, height: height, strength: strength) }

    func smoothed(_ drawing: PixelBuffer, motion: Motion, place: SegmentCutter.Place) throws -> PixelBuffer {
        if let start = place.start {
            current = start.begin == .length ? next ?? makeFilter() : makeFilter()
            next = nil
        }
        if place.warmsNext {
            let warming = next ?? makeFilter()
            _ = try warming.smoothed(drawing, motion: motion)
            next = warming
        }
        return try current.smoothed(drawing, motion: motion)
    }
}
