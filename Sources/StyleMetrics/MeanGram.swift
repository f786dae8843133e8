internal import CPixels

/// The mean Gram matrix of one layer's features over many pictures, F·Fᵀ / (channels · positions) as in Johnson et al.,
/// "Perceptual Losses for Real-Time Style Transfer", ECCV 2016, eq. 3 (and Gatys et al., CVPR 2016).
package struct MeanGram: Sendable {
    package let channels: Int
    private var sums: [Double]
    private var count = 0

    package init(channels: Int) {
        self.channels = channels
        sums = Array(repeating: 0, count: channels * channels)
    }

    /// Adds a picture's features: `channels` planes of `positions` numbers.
    package mutating func add(_ values: UnsafePointer<Float>, positions: Int) {
        pixels_add_gram(values, Int32(channels), positions, 1 / Double(channels * positions), &sums)
        count += 1
    }

    /// Adds all that another has seen.
    package mutating func add(_ other: MeanGram) {
        precondition(other.channels == channels)
        for index in sums.indices { sums[index] += other.sums[index] }
        count += other.count
    }

    /// The mean, row by row.
    package var values: [Double] { sums.map { $0 / Double(max(1, count)) } }

    /// Relative distance ‖G − R‖ / ‖R‖ to a reference R in Frobenius' norm; 0 where both are zero.
    package func distance(to reference: MeanGram) -> Double {
        let (own, other) = (values, reference.values)
        let difference = zip(own, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let size = other.reduce(0) { $0 + $1 * $1 }
        return difference == 0 ? 0 : (difference / size).squareRoot()
    }
}
