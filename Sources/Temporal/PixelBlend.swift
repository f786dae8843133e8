package import Frames
internal import CPixels

/// Mixes drawn frames with their originals: partial strength, and drawing in the original's colours.
package final class PixelBlend: Sendable {
    private let pool: FramePool

    package init(width: Int, height: Int) {
        pool = FramePool(width: width, height: height)
    }

    /// Returns `original + strength·(drawn − original)`, `strength` 0…1, or, with `keepColor`, the drawing's luma with the
    /// original's chroma: each channel of the original moved by the (weighted) difference of BT.709 luma, clipped.
    /// The result is a buffer of the blend's own pool, or `drawn` itself where there is nothing to mix.
    package func finished(
        original: PixelBuffer, drawn: PixelBuffer, strength: Double, keepColor: Bool
    ) -> PixelBuffer {
        precondition(original.width == pool.width && original.height == pool.height)
        precondition(drawn.width == pool.width && drawn.height == pool.height)
        let share = Int32((min(max(strength, 0), 1) * 256).rounded())
        if share == 256 && !keepColor { return drawn }
        let output = pool.makeBuffer()
        let (width, height) = (Int32(pool.width), Int32(pool.height))
        if keepColor {
            pixels_keep_chroma(original.picture, drawn.picture, output.picture, width, height, share)
        } else {
            pixels_blend(original.picture, drawn.picture, output.picture, width, height, share)
        }
        return output
    }
}
