import Testing

@testable import Training

extension TrainingTests {
    @Suite("Operators")
    struct OperatorTests {
        let torch: Torch

        init() throws { torch = try TorchLibrary.open() }

        /// An operator on one input, what it should give, and whether it can be differentiated there.
        struct Case: CustomTestStringConvertible, Sendable {
            let name: String
            let shape: [Int]
            var low: Float = -1
            var high: Float = 1
            let apply: @Sendable (TorchTensor) throws -> TorchTensor
            let expected: (@Sendable ([Float]) -> [Float])?
            var testDescription: String { name }
        }

        static func each(_ f: @escaping @Sendable (Float) -> Float) -> (@Sendable ([Float]) -> [Float]) {
            { $0.map(f) }
        }

        static let cases: [Case] = [
            Case(name: "negative", shape: [6], apply: { try -$0 }, expected: each { -$0 }),
            Case(name: "absolute", shape: [6], apply: { try $0.absolute() }, expected: each(abs)),
            Case(name: "squared", shape: [6], apply: { try $0.squared() }, expected: each { $0 * $0 }),
            Case(
                name: "square root", shape: [6], low: 0.5, high: 2, apply: { try $0.squareRoot() },
                expected: each { $0.squareRoot() }),
            Case(name: "exponential", shape: [6], apply: { try $0.exponential() }, expected: nil),
            Case(
                name: "logarithm of exponential", shape: [6], apply: { try $0.exponential().logarithm() },
                expected: each { $0 }),
            Case(name: "hyperbolic tangent", shape: [6], apply: { try $0.hyperbolicTangent() }, expected: nil),
            Case(name: "ReLU", shape: [6], apply: { try $0.relu() }, expected: each { max($0, 0) }),
            Case(
                name: "leaky ReLU", shape: [6], apply: { try $0.leakyReLU(0.2) },
                expected: each { $0 < 0 ? 0.2 * $0 : $0 }),
            Case(name: "power", shape: [6], low: 0.5, apply: { try $0.power(3) }, expected: each { $0 * $0 * $0 }),
            Case(
                name: "clamped", shape: [6], apply: { try $0.clamped(-0.6, 0.3) },
                expected: each { min(max($0, -0.6), 0.3) }),
            Case(
                name: "number arithmetic", shape: [6], apply: { try (2 - $0 * 3) / 4 + 1 },
                expected: each { (2 - $0 * 3) / 4 + 1 }),
            Case(name: "sum", shape: [2, 3], apply: { try $0.sum() }, expected: { [$0.reduce(0, +)] }),
            Case(name: "mean", shape: [2, 3], apply: { try $0.mean() }, expected: { [$0.reduce(0, +) / 6] }),
            Case(
                name: "mean over a dimension", shape: [2, 3], apply: { try $0.mean(over: [1]) },
                expected: { [($0[0] + $0[1] + $0[2]) / 3, ($0[3] + $0[4] + $0[5]) / 3] }),
            Case(
                name: "permuted", shape: [2, 3], apply: { try $0.permuted([1, 0]) },
                expected: { [$0[0], $0[3], $0[1], $0[4], $0[2], $0[5]] }),
            Case(name: "reshaped", shape: [2, 3], apply: { try $0.reshaped([3, 2]) }, expected: { $0 }),
            Case(
                name: "narrowed", shape: [2, 3], apply: { try $0.narrowed(1, from: 1, length: 2) },
                expected: { [$0[1], $0[2], $0[4], $0[5]] }),
            Case(
                name: "concatenated", shape: [1, 3], apply: { try .concatenated([$0, $0], along: 0) },
                expected: { $0 + $0 }),
            Case(
                name: "matrix product with its transpose", shape: [1, 3],
                apply: { try $0.matrixProduct($0.permuted([1, 0])) },
                expected: { [$0.reduce(0) { $0 + $1 * $1 }] }),
            Case(
                name: "max pooled", shape: [1, 1, 2, 4], apply: { try $0.maxPooled(2) },
                expected: { [max($0[0], $0[1], $0[4], $0[5]), max($0[2], $0[3], $0[6], $0[7])] }),
            Case(
                name: "average pooled", shape: [1, 1, 2, 4], apply: { try $0.averagePooled(2) },
                expected: { [($0[0] + $0[1] + $0[4] + $0[5]) / 4, ($0[2] + $0[3] + $0[6] + $0[7]) / 4] }),
            Case(
                name: "resized", shape: [1, 1, 1, 2], apply: { try $0.resized(height: 1, width: 4) },
                expected: { [$0[0], 0.75 * $0[0] + 0.25 * $0[1], 0.25 * $0[0] + 0.75 * $0[1], $0[1]] }),
            Case(
                name: "pixel shuffled", shape: [1, 4, 1, 1], apply: { try $0.pixelShuffled(2) }, expected: { $0 }),
            Case(
                name: "pixel unshuffled", shape: [1, 1, 2, 2], apply: { try $0.pixelUnshuffled(2) },
                expected: { $0 }),
            Case(
                name: "padded with its edge", shape: [1, 1, 1, 2], apply: { try $0.padded(1, .replicate) },
                expected: { x in (0..<3).flatMap { _ in [x[0], x[0], x[1], x[1]] } }),
            Case(
                name: "padded around", shape: [1, 1, 2, 2], apply: { try $0.padded(1, .circular) },
                expected: { x in
                    [3, 2, 3, 2, 1, 0, 1, 0, 3, 2, 3, 2, 1, 0, 1, 0].map { x[$0] }
                }),
            Case(
                name: "convolved", shape: [1, 1, 3, 3],
                apply: {
                    try $0.convolved(
                        .floats([0, 0, 0, 0, 2, 0, 0, 0, -1], shape: [1, 1, 3, 3], $0.torch),
                        .floats([0.5], shape: [1], $0.torch), padding: 1)
                },
                expected: { x in
                    (0..<9).map { i in
                        let (row, column) = (i / 3, i % 3)
                        let beyond = row < 2 && column < 2 ? x[i + 4] : 0
                        return 2 * x[i] - beyond + 0.5
                    }
                }),
            Case(
                name: "sampled a pixel to the left", shape: [1, 1, 1, 4],
                apply: { x in
                    let places: [Float] = (0..<4).flatMap { [(2 * Float($0) - 1) / 4 - 1, 0] }
                    return try x.sampled(at: .floats(places, shape: [1, 1, 4, 2], x.torch))
                },
                expected: { [$0[0], $0[0], $0[1], $0[2]] }),
        ]

        @Test("gives the closed-form result", arguments: cases.filter { $0.expected != nil })
        func matchesClosedForm(_ test: Case) throws {
            let values = madeUp(test.shape.reduce(1, *), from: test.low, to: test.high)
            let result = try test.apply(.floats(values, shape: test.shape, torch)).values()
            let formula = try #require(test.expected)
            let expected = formula(values)
            #expect(result.count == expected.count)
            for (a, b) in zip(result, expected) { #expect(abs(a - b) < 1e-5) }
        }

        @Test("has the gradient that differences give", arguments: cases)
        func matchesNumericalGradient(_ test: Case) throws {
            let values = madeUp(test.shape.reduce(1, *), seed: 7, from: test.low, to: test.high)
            // A weighted sum, so that no output hides behind another.
            func number(_ x: TorchTensor) throws -> TorchTensor {
                let y = try test.apply(x)
                return try (y * .floats(madeUp(y.count, seed: 3), shape: y.shape, torch)).sum()
            }
            let leaf = try TorchTensor.floats(values, shape: test.shape, torch)
            try leaf.requireGradient()
            try number(leaf).backward()
            let slopes = try #require(leaf.gradient()).values()
            let step: Float = 1e-2
            for index in values.indices {
                var (above, below) = (values, values)
                above[index] += step
                below[index] -= step
                let difference = try torch.withoutGradients {
                    try number(.floats(above, shape: test.shape, torch)).number()
                        - number(.floats(below, shape: test.shape, torch)).number()
                }
                #expect(abs(Double(slopes[index]) - difference / Double(2 * step)) < 5e-3)
            }
        }

        @Test("two tensors are added, subtracted, multiplied, divided and compared")
        func binaryOperators() throws {
            let (x, y) = (madeUp(6), madeUp(6, seed: 2, from: 0.5, to: 2))
            let a = try TorchTensor.floats(x, shape: [6], torch)
            let b = try TorchTensor.floats(y, shape: [6], torch)
            #expect(try (a + b).values() == zip(x, y).map { $0 + $1 })
            #expect(try (a - b).values() == zip(x, y).map { $0 - $1 })
            #expect(try (a * b).values() == zip(x, y).map { $0 * $1 })
            #expect(try (a / b).values() == zip(x, y).map { $0 / $1 })
            #expect(try a.maximum(b).values() == zip(x, y).map { max($0, $1) })
            #expect(try a.minimum(b).values() == zip(x, y).map { min($0, $1) })
        }

        @Test("a failure has libtorch's words and the shapes, and does not end the program")
        func failuresAreThrown() throws {
            let a = try TorchTensor.floats(madeUp(6), shape: [2, 3], torch)
            let b = try TorchTensor.floats(madeUp(4), shape: [4], torch)
            #expect { try a + b } throws: { "\($0)".contains("[2, 3] + [4]") && "\($0)".contains("libtorch") }
        }

        @Test("Adam takes the step of its paper")
        func adamMatchesItsPaper() throws {
            let leaf = try TorchTensor.floats([1, -2], shape: [2], torch)
            try leaf.requireGradient()
            let adam = try Adam([leaf], beta1: 0.9, beta2: 0.99, torch)
            var (values, mean, square): ([Double], [Double], [Double]) = ([1, -2], [0, 0], [0, 0])
            for step in 1...3 {
                try adam.clearGradients()
                try leaf.squared().sum().backward()
                try adam.step(rate: 0.1)
                for i in 0..<2 {
                    let slope = 2 * values[i]
                    mean[i] = 0.9 * mean[i] + 0.1 * slope
                    square[i] = 0.99 * square[i] + 0.01 * slope * slope
                    var (powered1, powered2) = (1.0, 1.0)
                    for _ in 0..<step { (powered1, powered2) = (powered1 * 0.9, powered2 * 0.99) }
                    values[i] -= 0.1 * (mean[i] / (1 - powered1)) / ((square[i] / (1 - powered2)).squareRoot() + 1e-8)
                }
            }
            for (a, b) in zip(try leaf.values(), values) { #expect(abs(Double(a) - b) < 1e-5) }
        }

        @Test("gradients are scaled down to the limit, and their norm told")
        func clipping() throws {
            let leaf = try TorchTensor.floats([3, 4], shape: [2], torch)
            try leaf.requireGradient()
            let adam = try Adam([leaf], beta1: 0.9, beta2: 0.99, torch)
            try (leaf.squared().sum() / 2).backward()
            #expect(try abs(adam.clipGradients(1) - 5) < 1e-5)
            let clipped = try #require(leaf.gradient()).values()
            #expect(abs(clipped[0] - 0.6) < 1e-5 && abs(clipped[1] - 0.8) < 1e-5)
        }
    }
}
