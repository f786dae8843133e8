internal import CPixels
package import Frames

/// Differences between two pictures of one size.
package enum PictureDifference {
    /// Mean squared difference of all channels on 0…1, leaving out `margin` pixels at every side.
    package static func meanSquare(_ a: PixelBuffer, _ b: PixelBuffer, margin: Int = 0) -> Double {
        let (width, height) = (a.width - 2 * margin, a.height - 2 * margin)
        precondition(b.width == a.width && b.height == a.height && width > 0 && height > 0)
        func inside(_ buffer: PixelBuffer) -> pixels_picture {
            pixels_picture(rgb: buffer.bytes + margin * (buffer.stride + 3), stride: buffer.stride)
        }
        let sum = pixels_squared_difference(inside(a), inside(b), Int32(width), Int32(height))
        return sum / (Double(width * height * 3) * 255 * 255)
    }

    /// Adds a camera's noise to a picture: bell-shaped, independent in every channel, `deviation` in levels.
    package static func addNoise(to picture: PixelBuffer, deviation: Double, seed: UInt64) {
        pixels_add_noise(picture.picture, Int32(picture.width), Int32(picture.height), Float(deviation), seed)
    }
}
