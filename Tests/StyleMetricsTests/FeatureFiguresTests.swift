import StyleMetrics
import Testing

@Suite("Feature figures")
struct FeatureFiguresTests {
    @Test("a Gram matrix is the products of channels over their number and that of positions")
    func gram() {
        var gram = MeanGram(channels: 2)
        gram.add([1, 2, 3, 4], positions: 2)
        #expect(gram.values == [1.25, 2.75, 2.75, 6.25])
        gram.add([0, 0, 0, 0], positions: 2)
        #expect(gram.values == [0.625, 1.375, 1.375, 3.125])
    }

    @Test("Gram matrices of many positions are summed as in double precision")
    func longGram() {
        let positions = 5000
        let values = (0..<3 * positions).map { Float(($0 * 37) % 101) / 50 - 1 }
        var gram = MeanGram(channels: 3)
        gram.add(values, positions: positions)
        for a in 0..<3 {
            for b in 0..<3 {
                var expected = 0.0
                for index in 0..<positions {
                    expected += Double(values[a * positions + index]) * Double(values[b * positions + index])
                }
                expected /= Double(3 * positions)
                #expect(abs(gram.values[a * 3 + b] - expected) < 1e-5)
            }
        }
    }

    @Test("the distance of Gram matrices is relative to the reference")
    func gramDistance() {
        var one = MeanGram(channels: 2)
        one.add([1, 2, 3, 4], positions: 2)
        var quadruple = MeanGram(channels: 2)
        quadruple.add([2, 4, 6, 8], positions: 2)
        #expect(one.distance(to: one) == 0)
        #expect(abs(one.distance(to: quadruple) - 0.75) < 1e-12)
        #expect(abs(quadruple.distance(to: one) - 3) < 1e-12)
    }

    @Test("statistics are those of the window alone")
    func statistics() {
        // Two planes of 5×3; the window is 2×2 at (3, 1).
        var values = [Float](repeating: 99, count: 30)
        for (plane, numbers) in [[1, 3, 5, 7], [2, 2, 2, 2]].enumerated() {
            for (index, number) in numbers.enumerated() {
                values[plane * 15 + (1 + index / 2) * 5 + 3 + index % 2] = Float(number)
            }
        }
        let found = FeatureFigures(values, channels: 2, width: 5, height: 3).statistics(x: 3, y: 1, side: 2)
        #expect(found == [4, 2, Float(5).squareRoot(), 0])
    }

    @Test("the cosine of a tensor with itself is 1, with its double too, with its opposite −1, with another's place 0")
    func cosine() {
        let values = (0..<10_000).map { Float($0 % 7) - 3 }
        #expect(abs(FeatureFigures.cosine(values, values, count: values.count) - 1) < 1e-12)
        #expect(abs(FeatureFigures.cosine(values, values.map { 2 * $0 }, count: values.count) - 1) < 1e-6)
        #expect(abs(FeatureFigures.cosine(values, values.map { -$0 }, count: values.count) + 1) < 1e-6)
        #expect(FeatureFigures.cosine([1, 0], [0, 1], count: 2) == 0)
        #expect(
            FeatureFigures.cosine([0, 0], [0, 0], count: 2) == 1
                && FeatureFigures.cosine([1, 0], [0, 0], count: 2) == 0)
    }
}
