/// Counts delays by the millisecond, so that hours of frames cost no memory.
struct DelayHistogram: Sendable {
    /// Longer delays count as this many milliseconds.
    static let longest = 10_000
    private var counts = [Int](repeating: 0, count: Self.longest + 1)
    private(set) var count = 0

    mutating func add(milliseconds: Double) {
        counts[min(Self.longest, max(0, Int(milliseconds.rounded())))] += 1
        count += 1
    }

    /// The delay that a share of the frames does not exceed, in milliseconds; nil without frames.
    func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (milliseconds, number) in counts.enumerated() {
            seen += number
            if seen >= rank { return Double(milliseconds) }
        }
        return Double(Self.longest)
    }
}
