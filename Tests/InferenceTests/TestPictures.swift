import Foundation
import Frames
import Model

@testable import Inference

/// Pictures and the first preset of the checkout, for tests.
enum TestPictures {
    static func cel() throws -> Preset {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try Preset(folder: root.appendingPathComponent("presets/cel"))
    }

    /// A picture with slopes, edges and noise, the same for the same seed.
    static func make(_ width: Int, _ height: Int, alignment: Int = 8, seed: UInt64 = 1) -> PixelBuffer {
        let picture = FramePool(width: width, height: height, alignment: alignment).makeBuffer()
        var state = seed
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let slope = (x * (channel + 1) + y * 2) / 3 + ((x / 23 + y / 17) % 2) * 70
                    picture.bytes[y * picture.stride + x * 3 + channel] =
                        UInt8(truncatingIfNeeded: min(255, slope % 180 + Int(state >> 60)))
                }
            }
        }
        return picture
    }

    /// The visible bytes, row by row.
    static func visible(_ picture: PixelBuffer) -> [UInt8] {
        (0..<picture.height).flatMap { y in
            (0..<picture.width * 3).map { picture.bytes[y * picture.stride + $0] }
        }
    }

    /// The drawing of a picture, its visible bytes.
    static func drawing(of picture: PixelBuffer, by generator: some FrameGenerator) throws -> [UInt8] {
        let output = FramePool(width: picture.width, height: picture.height, alignment: generator.alignment)
            .makeBuffer()
        try generator.draw(picture, into: output)
        return visible(output)
    }
}
