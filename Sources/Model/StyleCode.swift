internal import Foundation

/// The style code `z` of a seed: a point in the space of looks that a preset has learned.
///
/// Seed 0 is the canonical look, all zeros. Any other seed draws from N(0, 1) in the same way on every platform: uniforms
/// from SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, Figure 16), made
/// normal in pairs by Box and Muller ("A Note on the Generation of Random Normal Deviates", 1958, Eq. 1), cosine first.
package struct StyleCode: Sendable, Equatable {
    package let values: [Float]

    package init(values: [Float]) {
        self.values = values
    }

    package init(seed: UInt64, dimensions: Int) {
        guard seed != 0 else {
            values = Array(repeating: 0, count: dimensions)
            return
        }
        var uniforms = SplitMix64(state: seed)
        var normals: [Float] = []
        while normals.count < dimensions {
            let radius = (-2 * log(uniforms.next())).squareRoot()
            let angle = 2 * Double.pi * uniforms.next()
            normals += [Float(radius * cos(angle)), Float(radius * sin(angle))]
        }
        values = Array(normals.prefix(dimensions))
    }
}

private struct SplitMix64 {
    var state: UInt64

    /// A number on the open interval 0…1: the upper 53 bits, moved by half a step off zero.
    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        return Double(bits >> 11) * 0x1p-53 + 0x1p-54
    }
}
