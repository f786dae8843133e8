import Model
import StyleMetrics
import Testing

@Suite("Kernel distance")
struct KernelDistanceTests {
    private func set(_ vectors: [[Float]], _ pictures: [Int]? = nil) -> PatchSet {
        var set = PatchSet(length: vectors[0].count)
        for (index, vector) in vectors.enumerated() { set.add(vector, from: pictures?[index] ?? index) }
        return set
    }

    /// Bell-shaped numbers around `mean`.
    private func cloud(_ count: Int, length: Int, mean: Float, seed: UInt64) -> PatchSet {
        var numbers = SplitMix64(state: seed)
        return set(
            (0..<count).map { _ in
                (0..<length).map { _ in mean + bell(&numbers) }
            })
    }

    /// The sum of twelve uniforms less six: mean 0, variance 1.
    private func bell(_ numbers: inout SplitMix64) -> Float {
        var sum = -6.0
        for _ in 0..<12 { sum += numbers.uniform() }
        return Float(sum)
    }

    @Test("one patch a picture gives the unbiased estimate, computed by hand")
    func byHand() {
        // k(x, y) = (xy + 1)³: within {1, −1} it is 0, within {2, 0} 1; across 27, 1, −1, 1, in the mean 7.
        let distance = KernelDistance(set([[1], [-1]]), set([[2], [0]]))
        #expect(distance.value == -13)
        // d = 2: k((2, 0), (0, 2)) = 1, k((1, 1), (−1, 1)) = 1; across ±2/2 + 1, cubed: 8, 0, 8, 8,
        // in the mean 6.
        let plane = KernelDistance(set([[2, 0], [0, 2]]), set([[1, 1], [-1, 1]]))
        #expect(plane.value == -10)
    }

    @Test("patches of one picture are not compared with each other")
    func samePicture() {
        // Within: only pairs of different pictures, 1·(−1) and 3·(−1): (0 + (−2)³) / 2; −4 + 1 − 2·1.
        let distance = KernelDistance(set([[1], [3], [-1]], [7, 7, 2]), set([[0], [0]]))
        #expect(distance.value == -5)
    }

    @Test("sets from one distribution are no way apart, sets from two are, by as much as theory says")
    func distributions() {
        // x·y/d of independent vectors: 0 ± 1/√d around the product of means. With means m the kernel's expectation is
        // (a + 1)³ + 3(a + 1)·v, a = mean of x·y/d, v = its variance: (1 + 3/d) + (8 + 18/d) − 2(1 + 6/d).
        let length = 64
        let (a, b) = (cloud(300, length: length, mean: 0, seed: 1), cloud(300, length: length, mean: 0, seed: 2))
        let moved = cloud(300, length: length, mean: 1, seed: 3)
        let same = KernelDistance(a, b).value
        #expect(abs(same) < 0.01)
        let d = Double(length)
        let expected = 7 + 9 / d
        #expect(abs(KernelDistance(a, moved).value - expected) < 0.6)
    }

    @Test("drawings that are photographs are as far as these; those that are art are nearer")
    func ratio() throws {
        let photos = cloud(40, length: 32, mean: 0, seed: 1)
        let art = cloud(40, length: 32, mean: 1, seed: 2)
        let same = StyleDistance(drawings: photos, photos: photos, art: art, groups: [16, 16])
        #expect(same.drawings == same.photos && same.ratio?.value == 1 && same.ratio?.error == 0)
        let better = StyleDistance(
            drawings: cloud(40, length: 32, mean: 1, seed: 3), photos: photos, art: art, groups: [16, 16])
        #expect(try #require(better.ratio).value < 0.1)
        #expect(try #require(better.photos.error) > 0)
    }

    @Test("the scale of a dimension does not matter, and one that never varies does no harm")
    func scale() {
        func scaled(_ set: PatchSet) -> PatchSet {
            var result = PatchSet(length: set.length + 1)
            for patch in 0..<set.count {
                let vector = Array(set.values[patch * set.length..<(patch + 1) * set.length])
                result.add(vector.map { $0 * 1000 + 5 } + [7], from: set.pictures[patch])
            }
            return result
        }
        let (photos, art) = (cloud(12, length: 8, mean: 0, seed: 1), cloud(12, length: 8, mean: 1, seed: 2))
        let drawings = cloud(12, length: 8, mean: 0.5, seed: 3)
        let plain = StyleDistance(drawings: drawings, photos: photos, art: art, groups: [8])
        let large = StyleDistance(
            drawings: scaled(drawings), photos: scaled(photos), art: scaled(art), groups: [8, 1])
        // The ninth dimension adds nothing to x·y, but divides it by 9 instead of 8.
        #expect(large.drawings.value < plain.drawings.value && large.drawings.value > 0.7 * plain.drawings.value)
    }
}
