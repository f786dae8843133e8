internal import CPixels
package import Frames

/// Moves pictures of one size by a smooth motion: backward warp with Keys' bicubic kernel, the smoother's own loop.
package struct PictureWarp: Sendable {
    private let width: Int
    private let height: Int
    private let field: [Float]
    private let kernel: [Float]

    /// Keys' parameter with which the kernel reproduces slopes and parabolas (Keys 1981).
    private static let parameter: Float = -0.5

    package init(_ motion: SmoothMotion, width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        field = motion.field(width: width, height: height)
        var kernel = [Float](repeating: 0, count: Int(pixels_cubic_kernel_count))
        pixels_cubic_kernel(Self.parameter, &kernel)
        self.kernel = kernel
    }

    /// Writes `picture` moved into `output`. What comes from outside the picture is not moved: look at the inside only.
    package func move(_ picture: PixelBuffer, into output: PixelBuffer) {
        for buffer in [picture, output] { precondition(buffer.width == width && buffer.height == height) }
        let spare = 32
        var scratch = [Float](repeating: 0, count: pixels_warp_scratch_count(Int32(width), 1) + spare)
        let weights = [Float](repeating: 1, count: width * height)
        field.withUnsafeBufferPointer { flow in
            weights.withUnsafeBufferPointer { weight in
                let motion = pixels_motion(
                    flow: flow.baseAddress, weight: weight.baseAddress, width: Int32(width), height: Int32(height),
                    factor: 1)
                pixels_blend_warped(
                    picture.picture, picture.picture, output.picture, Int32(width), Int32(height), motion, 1, 0, 0,
                    kernel, &scratch)
            }
        }
    }
}
