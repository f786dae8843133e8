import Testing

@testable import Server

@Suite("Request rate")
struct RequestRateTests {
    /// How many of `count` requests at a time are answered.
    private func answered(_ rate: RequestRate, _ asker: String, _ count: Int, at time: Double) -> Int {
        (0..<count).filter { _ in rate.delay(for: asker, now: time) == nil }.count
    }

    @Test("four seconds' requests are answered at once, then as many as the rate says, for each asker apart")
    func bursts() {
        let rate = RequestRate(5)
        #expect(answered(rate, "mia", 100, at: 0) == 20)
        #expect(answered(rate, "tom", 100, at: 0) == 20)
        #expect(answered(rate, "mia", 100, at: 1) == 5)
        #expect(answered(rate, "mia", 100, at: 1) == 0)
        #expect(answered(rate, "mia", 100, at: 1000) == 20)
    }

    @Test("it says when to ask again, and then the answer comes")
    func delay() throws {
        let rate = RequestRate(0.1)
        #expect(rate.delay(for: "mia", now: 0) == nil)
        #expect(try abs(#require(rate.delay(for: "mia", now: 2)) - 8) < 1e-9)
        #expect(rate.delay(for: "mia", now: 10.001) == nil)
    }

    @Test("many askers come and go without a trace, and none of them loses what it has used up")
    func many() {
        let rate = RequestRate(1)
        #expect(answered(rate, "mia", 100, at: 0) == 4)
        for number in 0..<5000 { #expect(rate.delay(for: "\(number)", now: 0) == nil) }
        #expect(answered(rate, "mia", 1, at: 0) == 0)
    }

    @Test("a rate of 0 is no limit")
    func none() { #expect(answered(RequestRate(0), "mia", 1000, at: 0) == 1000) }
}
