import Testing

@testable import Live

@Suite("Delay histogram")
struct DelayHistogramTests {
    @Test("quantiles are those of the sorted list")
    func quantiles() {
        var histogram = DelayHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for milliseconds in (1...100).reversed() { histogram.add(milliseconds: Double(milliseconds)) }
        #expect(histogram.quantile(0.5) == 50)
        #expect(histogram.quantile(0.95) == 95)
        #expect(histogram.quantile(1) == 100)
        histogram.add(milliseconds: 1e9)
        #expect(histogram.quantile(1) == Double(DelayHistogram.longest))
    }
}
