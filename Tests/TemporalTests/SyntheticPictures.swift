import Foundation
import Frames

/// A generator of random numbers that is the same everywhere (SplitMix64).
struct SeededRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform on 0…1.
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 + 0x1p-54 }

    /// Normally distributed, mean 0, variance 1 (Box–Muller).
    mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}

/// A smooth random texture that is defined everywhere, so that it can be moved by fractions of a pixel without
/// interpolation: a sum of waves.
struct Texture {
    private var waves: [(kx: Double, ky: Double, phase: Double, amplitude: Double)] = []
    private let tint: (Double, Double, Double)

    /// `shortest`: the shortest wavelength in pixels.
    init(seed: UInt64, shortest: Double = 7, count: Int = 10) {
        var random = SeededRandom(seed)
        for _ in 0..<count {
            let length = shortest * pow(8, random.uniform())
            let angle = 2 * .pi * random.uniform()
            waves.append(
                (
                    2 * .pi / length * cos(angle), 2 * .pi / length * sin(angle), 2 * .pi * random.uniform(),
                    55 / Double(count).squareRoot()
                ))
        }
        tint = (0.8 + 0.4 * random.uniform(), 0.8 + 0.4 * random.uniform(), 0.8 + 0.4 * random.uniform())
    }

    func color(_ x: Double, _ y: Double) -> (Double, Double, Double) {
        let value = waves.reduce(128) { $0 + $1.amplitude * sin($1.kx * x + $1.ky * y + $1.phase) }
        return (value * tint.0, value * tint.1, value * tint.2)
    }
}

/// Makes pictures from functions.
final class PictureMaker {
    let pool: FramePool

    init(_ width: Int, _ height: Int) { pool = FramePool(width: width, height: height) }

    func picture(_ color: (Int, Int) -> (Double, Double, Double)) -> PixelBuffer {
        let buffer = pool.makeBuffer()
        for y in 0..<buffer.height {
            for x in 0..<buffer.width {
                let (red, green, blue) = color(x, y)
                let at = buffer.bytes + y * buffer.stride + x * 3
                at[0] = byte(red)
                at[1] = byte(green)
                at[2] = byte(blue)
            }
        }
        return buffer
    }

    /// A texture moved right and down.
    func moved(_ texture: Texture, _ dx: Double, _ dy: Double) -> PixelBuffer {
        picture { texture.color(Double($0) - dx, Double($1) - dy) }
    }

    /// A copy with white noise of standard deviation `sigma` levels.
    func noisy(_ source: PixelBuffer, sigma: Double, _ random: inout SeededRandom) -> PixelBuffer {
        let buffer = pool.makeBuffer()
        for i in 0..<buffer.byteCount { buffer.bytes[i] = byte(Double(source.bytes[i]) + sigma * random.normal()) }
        return buffer
    }

    private func byte(_ value: Double) -> UInt8 { UInt8(min(max(value.rounded(), 0), 255)) }
}

/// Mean squared difference in levels².
func meanSquaredDifference(_ a: PixelBuffer, _ b: PixelBuffer) -> Double {
    var sum = 0
    for y in 0..<a.height {
        for x in 0..<a.width * 3 {
            let difference = Int(a.bytes[y * a.stride + x]) - Int(b.bytes[y * b.stride + x])
            sum += difference * difference
        }
    }
    return Double(sum) / Double(a.width * a.height * 3)
}

func equalPixels(_ a: PixelBuffer, _ b: PixelBuffer) -> Bool {
    a.width == b.width && a.height == b.height
        && (0..<a.height).allSatisfy { memcmp(a.bytes + $0 * a.stride, b.bytes + $0 * b.stride, a.width * 3) == 0 }
}
