import Testing

@testable import Model

@Suite("Style code")
struct StyleCodeTests {
    @Test("seed 0 is the canonical look")
    func seedZeroIsZeros() {
        #expect(StyleCode(seed: 0, dimensions: 8).values == Array(repeating: 0, count: 8))
    }

    /// Numbers from DESIGN.md §6, made by an independent implementation.
    static let known: [UInt64: [Float]] = [
        1: [-0.028250, -1.065618, -0.227920, 0.083094, 0.103091, -1.269662, -0.506204, -0.073885],
        2: [-0.005478, -1.025284, 0.098467, -1.013187, -0.871207, 1.254249, -0.054786, -0.797769],
    ]

    @Test("a seed gives the same code on every platform", arguments: [1, 2] as [UInt64])
    func seedsGiveKnownCodes(seed: UInt64) throws {
        let code = StyleCode(seed: seed, dimensions: 8)
        let known = try #require(Self.known[seed])
        for (value, expected) in zip(code.values, known) { #expect(abs(value - expected) < 1e-6) }
        #expect(StyleCode(seed: seed, dimensions: 5).values == Array(code.values.prefix(5)))
    }
}
