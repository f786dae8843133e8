internal import Model

/// How far drawings are from a body of art, beside how far the photographs were that they were drawn from.
///
/// The vectors are standardized first, each dimension by its mean and deviation over art and photographs together (half
/// each), so that neither a layer with large numbers nor one with many channels decides alone. A channel that hardly
/// ever varies would be blown up: no dimension is divided by less than a tenth of the mean deviation of its group.
package struct StyleDistance: Sendable {
    /// A figure with its standard error, estimated from random halves of the pictures (the delete-half jackknife of Shao
    /// and Wu, "A General Theory for Jackknife Variance Estimation", 1989: the figures' spread over halves is the error
    /// of the figure over all); nil for fewer than four pictures.
    package struct Estimate: Codable, Sendable, Equatable {
        package var value: Double
        package var error: Double?

        package init(value: Double, error: Double?) {
            self.value = value
            self.error = error
        }
    }

    package let drawings: Estimate
    package let photos: Estimate
    /// Of the drawings' distance to that of the photographs; nil where the latter is not above 0.
    package let ratio: Estimate?

    private static let halves = 50
    private static let leastShare: Float = 0.1

    /// - Parameters:
    ///   - drawings: Those of `photos`, picture for picture.
    ///   - groups: Lengths of the parts of a vector that are of one kind, in order.
    package init(drawings: PatchSet, photos: PatchSet, art: PatchSet, groups: [Int]) {
        precondition(groups.reduce(0, +) == art.length)
        let (offset, scale) = Self.standard(photos, art, groups)
        func standardized(_ set: PatchSet) -> PatchSet { set.standardized(offset: offset, scale: scale) }
        let art = standardized(art)
        let fromDrawings = KernelDistance(standardized(drawings), art)
        let fromPhotos = KernelDistance(standardized(photos), art)
        let (count, artCount) = fromPhotos.pictureCounts
        precondition(fromDrawings.pictureCounts.x == count)
        var samples: [(drawings: Double, photos: Double)] = []
        if min(count, artCount) >= 4 {
            var numbers = SplitMix64(state: 1)
            for _ in 0..<Self.halves {
                let some = Self.half(count, &numbers)
                let other = Self.half(artCount, &numbers)
                samples.append((fromDrawings.value(of: some, other), fromPhotos.value(of: some, other)))
            }
        }
        self.drawings = Estimate(value: fromDrawings.value, error: Self.deviation(samples.map(\.drawings)))
        self.photos = Estimate(value: fromPhotos.value, error: Self.deviation(samples.map(\.photos)))
        ratio =
            fromPhotos.value > 0
            ? Estimate(
                value: fromDrawings.value / fromPhotos.value,
                error: samples.allSatisfy { $0.photos > 0 }
                    ? Self.deviation(samples.map { $0.drawings / $0.photos }) : nil)
            : nil
    }

    private static func standard(
        _ photos: PatchSet, _ art: PatchSet, _ groups: [Int]
    ) -> (offset: [Float], scale: [Float]) {
        let length = art.length
        var mean = [Double](repeating: 0, count: length)
        var squares = mean
        for set in [photos, art] {
            let share = 0.5 / Double(set.count)
            for (index, value) in set.values.enumerated() {
                mean[index % length] += share * Double(value)
                squares[index % length] += share * Double(value) * Double(value)
            }
        }
        var scale = zip(mean, squares).map { Float(max(0, $1 - $0 * $0).squareRoot()) }
        var start = 0
        for group in groups {
            let range = start..<start + group
            let least = leastShare * scale[range].reduce(0, +) / Float(group)
            for index in range { scale[index] = max(scale[index], least > 0 ? least : 1) }
            start += group
        }
        return (mean.map(Float.init), scale)
    }

    /// Half of the numbers below `count`, without repetition.
    private static func half(_ count: Int, _ numbers: inout SplitMix64) -> [Int] {
        var all = Array(0..<count)
        for index in 0..<count / 2 {
            all.swapAt(index, index + min(count - index - 1, Int(numbers.uniform() * Double(count - index))))
        }
        return Array(all.prefix(count / 2))
    }

    private static func deviation(_ values: [Double]) -> Double? {
        guard values.count > 1 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }
}
