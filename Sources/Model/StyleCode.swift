internal import Foundation

/// The style code `z` of a seed: a point in the space of looks that a preset has learned.
///
/// Seed 0 is the canonical look, all zeros. Any other seed draws from N(0, 1) in the same way on every platform: uniforms
/// from `SplitMix64`, made normal in pairs by Box and Muller ("A Note on the Generation of Random Normal Deviates", 1958,
/// Eq. 1), cosine first.
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
        var random = SplitMix64(state: seed)
        var normals: [Float] = []
        while normals.count < dimensions {
            let radius = (-2 * log(random.uniform())).squareRoot()
            let angle = 2 * Double.pi * random.uniform()
            normals += [Float(radius * cos(angle)), Float(radius * sin(angle))]
        }
        values = Array(normals.prefix(dimensions))
    }
}
