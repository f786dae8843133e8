package import Frames
internal import CPixels
internal import Foundation

/// Measures how stable a stylized video is against its original.
///
/// Warping error (Lai et al., ECCV 2018, with flow and mask from the input at full size): for each pair of frames
/// Σ m·‖W(O_{t−1}) − O_t‖² / Σ m over pixel-channels on 0…1, then the mean over pairs; W is the bilinear backward warp, m is
/// 0 where the forward–backward check (Sundaram et al., ECCV 2010) or the border fails. Blur alone lowers it, so
/// sharpness and PSNR to the unsmoothed drawing stand beside it. Used by one thread at a time, in presentation order.
package final class StabilityMeter {
    private let width: Int
    private let height: Int
    private let judge: DenseFlow
    /// Says where the cuts are; its flow is not used.
    private let estimator: MotionEstimator
    private var previous: Pictures?
    private var luma: [[UInt8]]
    private var backward: [Float]
    private var forward: [Float]

    private var frames = 0
    private var cutCount = 0
    private var stylizedErrors = Errors()
    private var unsmoothedErrors = Errors()
    private var gradient = 0.0
    private var unsmoothedGradient = 0.0
    private var squaredDifference = 0.0
    private var unsmoothedFrames = 0

    /// Where the input changes by less than this it is calm (along the flow) or unmoved (in place): `StabilityReport`.
    package static let calmLimit = 1e-3

    private struct Pictures {
        var original: PixelBuffer
        var stylized: PixelBuffer
        var unsmoothed: PixelBuffer?
    }

    /// Warping errors of one video, summed over pairs.
    private struct Errors {
        var farneback = Mean()
        var dis = Mean()
        var calm = Mean()
        var unmoved = Mean()
        var unmovedInPlace = Mean()
        var calmCount = 0.0
        var visibleCount = 0.0

        mutating func add(farneback sums: pixels_error_sums, dis: pixels_error_sums) {
            farneback.add(sums.error, over: sums.count)
            calm.add(sums.calm_error, over: sums.calm_count)
            unmoved.add(sums.unmoved_error, over: sums.unmoved_count)
            unmovedInPlace.add(sums.unmoved_change, over: sums.unmoved_count)
            calmCount += sums.calm_count
            visibleCount += sums.count
            self.dis.add(dis.error, over: dis.count)
        }
    }

    private struct Mean {
        var sum = 0.0
        var count = 0
        var value: Double? { count > 0 ? sum / Double(count) : nil }
        mutating func add(_ numerator: Double, over denominator: Double) {
            guard denominator > 0 else { return }
            sum += numerator / denominator
            count += 1
        }
    }

    /// Makes a meter for pictures of `width`×`height` pixels.
    /// - Throws: `.software` where OpenCV cannot be set up.
    package init(width: Int, height: Int) throws {
        self.width = width
        self.height = height
        judge = try DenseFlow(.judge)
        estimator = try MotionEstimator(width: width, height: height)
        luma = Array(repeating: Array(repeating: 0, count: width * height), count: 3)
        backward = Array(repeating: 0, count: width * height * 2)
        forward = backward
    }

    /// Takes the next frame of the original, of the stylized video, and of the same drawing without smoothing where there
    /// is one.
    /// - Throws: `.software` where OpenCV cannot find the flow (sides below 12 pixels).
    package func add(original: PixelBuffer, stylized: PixelBuffer, unsmoothed: PixelBuffer? = nil) throws {
        for case let picture? in [original, stylized, unsmoothed] {
            precondition(picture.width == width && picture.height == height)
        }
        frames += 1
        gradient += measuredGradient(of: stylized)
        if let unsmoothed {
            unsmoothedFrames += 1
            unsmoothedGradient += measuredGradient(of: unsmoothed)
            squaredDifference += pixels_squared_difference(
                stylized.picture, unsmoothed.picture, Int32(width), Int32(height))
        }
        luma.swapAt(0, 1)
        pixels_luma(original.picture, Int32(width), Int32(height), &luma[0])
        let pictures = Pictures(original: original, stylized: stylized, unsmoothed: unsmoothed)
        let isCut = try estimator.motion(to: original).isCut
        if let previous {
            if isCut { cutCount += 1 } else { try measurePair(previous, pictures) }
        }
        previous = pictures
    }

    /// The figures over all frames given so far.
    package func report() -> StabilityReport {
        let hasUnsmoothed = unsmoothedFrames > 0
        let samples = Double(unsmoothedFrames * width * height * 3)
        let meanSquare = hasUnsmoothed ? squaredDifference / samples : 0
        return StabilityReport(
            frames: frames, cuts: cutCount,
            warpingError: stylizedErrors.farneback.value, warpingErrorDIS: stylizedErrors.dis.value,
            calmWarpingError: stylizedErrors.calm.value,
            calmShare: stylizedErrors.visibleCount > 0 ? stylizedErrors.calmCount / stylizedErrors.visibleCount : nil,
            unsmoothedWarpingError: unsmoothedErrors.farneback.value,
            unsmoothedWarpingErrorDIS: unsmoothedErrors.dis.value,
            unsmoothedCalmWarpingError: unsmoothedErrors.calm.value,
            unmovedWarpingError: stylizedErrors.unmoved.value, unmovedChange: stylizedErrors.unmovedInPlace.value,
            unsmoothedUnmovedWarpingError: unsmoothedErrors.unmoved.value,
            unsmoothedUnmovedChange: unsmoothedErrors.unmovedInPlace.value,
            sharpness: frames > 0 ? gradient / Double(frames) : 0,
            sharpnessRatio: unsmoothedGradient > 0 ? gradient / unsmoothedGradient : nil,
            psnr: meanSquare > 0 ? 10 * log10(255 * 255 / meanSquare) : nil)
    }

    private func measuredGradient(of picture: PixelBuffer) -> Double {
        pixels_luma(picture.picture, Int32(width), Int32(height), &luma[2])
        return pixels_gradient(luma[2], Int32(width), Int32(height))
    }

    private func measurePair(_ before: Pictures, _ now: Pictures) throws {
        try findFarnebackFlow(from: luma[0], to: luma[1], width: width, height: height, into: &backward)
        try findFarnebackFlow(from: luma[1], to: luma[0], width: width, height: height, into: &forward)
        let byFarneback = errors(before, now)
        try judge.find(from: luma[0], to: luma[1], width: width, height: height, into: &backward)
        try judge.find(from: luma[1], to: luma[0], width: width, height: height, into: &forward)
        let byDIS = errors(before, now)
        stylizedErrors.add(farneback: byFarneback.stylized, dis: byDIS.stylized)
        if let farneback = byFarneback.unsmoothed, let dis = byDIS.unsmoothed {
            unsmoothedErrors.add(farneback: farneback, dis: dis)
        }
    }

    private func errors(
        _ before: Pictures, _ now: Pictures
    ) -> (stylized: pixels_error_sums, unsmoothed: pixels_error_sums?) {
        let stylized = sums(before.stylized, now.stylized, before, now)
        guard let past = before.unsmoothed, let present = now.unsmoothed else { return (stylized, nil) }
        return (stylized, sums(past, present, before, now))
    }

    private func sums(
        _ past: PixelBuffer, _ present: PixelBuffer, _ before: Pictures, _ now: Pictures
    ) -> pixels_error_sums {
        var sums = pixels_error_sums()
        pixels_warping_error(
            present.picture, past.picture, now.original.picture, before.original.picture, Int32(width), Int32(height),
            backward, forward, Float(Self.calmLimit), &sums)
        return sums
    }
}
