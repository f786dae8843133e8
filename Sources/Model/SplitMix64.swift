/// A generator of random numbers that is the same on every platform (Steele, Lea & Flood: "Fast Splittable Pseudorandom
/// Number Generators", OOPSLA 2014, Figure 16).
package struct SplitMix64: Sendable {
    private var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number on the open interval 0…1: the upper 53 bits, moved by half a step off zero.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 + 0x1p-54 }

    /// A number on `range`.
    package mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// A whole number from 0 up to, but not including, `bound`.
    package mutating func index(below bound: Int) -> Int { min(Int(uniform() * Double(bound)), bound - 1) }
}
