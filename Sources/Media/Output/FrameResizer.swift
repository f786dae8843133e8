internal import CFFmpeg
package import Frames

/// Changes the size of RGB frames. Used by one thread at a time.
package final class FrameResizer {
    private let pool: FramePool
    private var scaler: Scaler?

    /// - Parameter pool: gives frames of the size to resize to.
    package init(to pool: FramePool) { self.pool = pool }

    /// Uses sws_scale.
    package func resized(_ pixels: PixelBuffer) throws(SakugaError) -> PixelBuffer {
        let source = Scaler.Side.rgb(width: pixels.width, height: pixels.height)
        if scaler?.source != source {
            scaler = try Scaler(from: source, to: .rgb(width: pool.width, height: pool.height))
        }
        let output = pool.makeBuffer()
        try check(
            shim_resize_bytes(
                scaler!.context, pixels.bytes, Int32(pixels.stride), Int32(pixels.height), output.bytes,
                Int32(output.stride)),
            .software, "cannot resize a picture", call: "sws_scale")
        return output
    }
}
