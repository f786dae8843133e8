package import Frames

/// A picture in memory without gaps between rows; for a photograph also its simplified forms.
package struct TrainingPicture: Sendable {
    package let width: Int
    package let height: Int
    /// Interleaved RGB.
    let rgb: [UInt8]
    /// Flat regions, interleaved RGB; empty for art.
    var flat: [UInt8] = []
    /// Ink, one byte a pixel; empty for art.
    var lines: [UInt8] = []

    package init(_ pixels: PixelBuffer) {
        (width, height) = (pixels.width, pixels.height)
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for y in 0..<height {
            rgb.append(contentsOf: UnsafeBufferPointer(start: pixels.bytes + y * pixels.stride, count: width * 3))
        }
        self.rgb = rgb
    }

    /// A photograph with the drawing that it should become, of the same size: what a student learns from its teacher.
    package init(photo: PixelBuffer, drawing: PixelBuffer) {
        precondition(photo.width == drawing.width && photo.height == drawing.height)
        self.init(photo)
        flat = TrainingPicture(drawing).rgb
        lines = [UInt8](repeating: 0, count: width * height)
    }

    /// The drawing alone.
    package var drawing: TrainingPicture { TrainingPicture(width: width, height: height, rgb: flat) }

    init(width: Int, height: Int, rgb: [UInt8]) {
        precondition(rgb.count == width * height * 3)
        (self.width, self.height, self.rgb) = (width, height, rgb)
    }

    var shortSide: Int { min(width, height) }

    /// With flat regions and lines.
    func simplified(_ abstraction: Abstraction) throws -> TrainingPicture {
        var result = self
        (result.flat, result.lines) = try abstraction.applied(to: rgb, width: width, height: height)
        return result
    }

    /// Half as wide and high, each pixel the mean of four.
    func halved() -> TrainingPicture {
        let (half, rows) = (width / 2, height / 2)
        var small = [UInt8](repeating: 0, count: half * rows * 3)
        rgb.withUnsafeBufferPointer { rgb in
            small.withUnsafeMutableBufferPointer { small in
                for y in 0..<rows {
                    for x in 0..<half {
                        for c in 0..<3 {
                            let at = (y * 2 * width + x * 2) * 3 + c
                            let below = at + width * 3
                            let sum = Int(rgb[at]) + Int(rgb[at + 3]) + Int(rgb[below]) + Int(rgb[below + 3])
                            small[(y * half + x) * 3 + c] = UInt8(truncatingIfNeeded: (sum + 2) / 4)
                        }
                    }
                }
            }
        }
        return TrainingPicture(width: half, height: rows, rgb: small)
    }
}

/// A square cut out of a picture, perhaps mirrored.
struct Crop {
    var left: Int
    var top: Int
    var side: Int
    var isMirrored: Bool

    /// The bytes of the square, `channels` a pixel.
    func cut(_ bytes: [UInt8], width: Int, channels: Int) -> [UInt8] {
        var square: [UInt8] = []
        square.reserveCapacity(side * side * channels)
        for y in top..<top + side {
            let start = (y * width + left) * channels
            let row = bytes[start..<start + side * channels]
            guard isMirrored else {
                square.append(contentsOf: row)
                continue
            }
            for x in stride(from: side - 1, through: 0, by: -1) {
                square.append(contentsOf: row[start + x * channels..<start + (x + 1) * channels])
            }
        }
        return square
    }
}
