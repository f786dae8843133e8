package import Frames
internal import CPixels

/// Holds drawn frames still over time: O_t = P_t + w·(W(O_{t−1}) − P_t), where P is the drawn picture, O the smoothed one,
/// W the bicubic backward warp along the input's motion and w the strength's share times the trust in each pixel's past,
/// lowered where past and drawing differ much.
///
/// Used by one thread at a time, in presentation order. Starts anew at every cut, which it finds by itself: what it does
/// depends on the pictures that it was given, and on nothing before them.
package final class TemporalFilter {
    private let strength: SmoothingStrength
    private let pool: FramePool
    private let kernel: UnsafeMutablePointer<Float>
    private let scratch: UnsafeMutablePointer<Float>
    /// What was shown last; may be set, at the filter's size, to go on from another filter's.
    package var past: PixelBuffer?
    private var cuts = SceneCutDetector()

    private let settings: Settings

    /// Chosen together with `MotionEstimator.Settings`.
    struct Settings: Sendable {
        /// Movements below this many pixels in both directions count as none: interpolating again and again at the same
        /// place would only soften what stands still.
        var stillness: Float = 0.05
        /// Parameter of the cubic kernel (Keys 1981); sharper than the usual −0.5, because the picture is warped again
        /// with every frame.
        var cubic: Float = -0.6
        /// The warped past counts half where it differs from the drawing by ‖·‖² = 1/doubt (74 levels in each channel):
        /// that is not flicker but something the input's flow did not see.
        var doubt: Float = 4
    }

    /// Makes a filter for pictures of `width`×`height` pixels.
    package convenience init(width: Int, height: Int, strength: SmoothingStrength) {
        self.init(width: width, height: height, strength: strength, settings: Settings())
    }

    init(width: Int, height: Int, strength: SmoothingStrength, settings: Settings) {
        self.strength = strength
        self.settings = settings
        pool = FramePool(width: width, height: height)
        kernel = .allocate(capacity: Int(pixels_cubic_kernel_count))
        pixels_cubic_kernel(settings.cubic, kernel)
        // The scratch is largest where the motion is reduced most.
        let spare = 32
        let most = [2, 4, 8].map { pixels_warp_scratch_count(Int32(width), $0) }.max() ?? 0
        scratch = .allocate(capacity: most + spare)
    }

    deinit {
        kernel.deallocate()
        scratch.deallocate()
    }

    /// Returns the picture smoothed: a buffer of the filter's own pool, or `drawn` itself where there is nothing to
    /// lean on. `motion` is that of the input picture from which `drawn` was drawn.
    package func smoothed(_ drawn: PixelBuffer, motion: Motion) throws -> PixelBuffer {
        precondition(drawn.width == pool.width && drawn.height == pool.height)
        guard strength != .off else { return drawn }
        guard let past, let evidence = motion.evidence, !cuts.isCut(evidence) else {
            self.past = drawn
            return drawn
        }
        let output = pool.makeBuffer()
        pixels_blend_warped(
            drawn.picture, past.picture, output.picture, Int32(drawn.width), Int32(drawn.height),
            pixels_motion(
                flow: motion.flow, weight: motion.weight, width: Int32(motion.width), height: Int32(motion.height),
                factor: Int32(motion.factor)),
            strength.pastShare, settings.stillness, settings.doubt, kernel, scratch)
        self.past = output
        return output
    }
}

extension PixelBuffer {
    /// The visible picture as the C loops take it.
    var picture: pixels_picture {
        pixels_picture(rgb: bytes, stride: stride)
    }
}
