package import Frames
internal import Foundation

/// Processor time that smoothing takes for one frame, by part, in milliseconds of one core.
package struct SmoothingCost: Codable, Sendable, Equatable {
    /// Averaging the input down to luma and RGB at reduced size.
    package var reduce = 0.0
    /// Flow from the picture to the one before.
    package var flow = 0.0
    /// Flow the other way, which confirms the first.
    package var confirmation = 0.0
    /// Forward–backward check, visibility, and what stands still.
    package var visibility = 0.0
    /// Warping and blending the drawn frame.
    package var blend = 0.0

    package var total: Double { reduce + flow + confirmation + visibility + blend }

    /// Smooths a clip and returns the mean cost of a frame after the first. Both arrays hold the same number of pictures
    /// of one size, at least two: the originals and their drawings, in order.
    /// - Throws: `.software` where OpenCV fails.
    package static func measured(originals: [PixelBuffer], drawn: [PixelBuffer]) throws -> SmoothingCost {
        precondition(originals.count == drawn.count && originals.count >= 2)
        let (width, height) = (originals[0].width, originals[0].height)
        let estimator = try MotionEstimator(width: width, height: height)
        let filter = TemporalFilter(width: width, height: height, strength: .strong)
        var blend = 0.0
        for (index, (original, drawing)) in zip(originals, drawn).enumerated() {
            if index == 1 { estimator.cost = SmoothingCost() }
            let motion = try estimator.motion(to: original)
            let start = threadMilliseconds()
            _ = try filter.smoothed(drawing, motion: motion)
            if index > 0 { blend += threadMilliseconds() - start }
        }
        var cost = estimator.cost ?? SmoothingCost()
        cost.blend = blend
        let frames = Double(originals.count - 1)
        for part in [\SmoothingCost.reduce, \.flow, \.confirmation, \.visibility, \.blend] {
            cost[keyPath: part] /= frames
        }
        return cost
    }

    /// Processor time of the calling thread so far.
    static func threadMilliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
    }
}
