import Testing

@testable import Live

@Suite("Quality ladder")
struct QualityLadderTests {
    private static let period = 1.0 / 30
    private static func ladder() -> QualityLadder {
        QualityLadder(rungs: QualityLadder.scales.map { .init(size: nil, scale: $0, cost: $0 * $0) }, period: period)
    }

    /// Runs frames through a machine that needs `seconds` for a frame of full size; returns the levels it went through.
    private func run(_ ladder: inout QualityLadder, frames: Int, seconds: Double) -> [Int] {
        var levels: [Int] = []
        for _ in 0..<frames {
            let took = seconds * ladder.rungs[ladder.level].cost
            if let level = ladder.observe(took) {
                ladder.moved(to: level)
                levels.append(level)
            }
        }
        return levels
    }

    @Test("a machine that keeps up stays at full size")
    func keepsUp() {
        var ladder = Self.ladder()
        #expect(run(&ladder, frames: 1000, seconds: 0.8 * Self.period) == [])
    }

    @Test("one that does not goes down within a third of a second, at once to where there is room, and stays")
    func goesDown() {
        var ladder = Self.ladder()
        #expect(run(&ladder, frames: 10, seconds: 2.5 * Self.period) == [4])
        #expect(run(&ladder, frames: 1000, seconds: 2.5 * Self.period) == [])
    }

    @Test("a single slow frame changes nothing")
    func oneSlowFrame() {
        var ladder = Self.ladder()
        for frame in 0..<300 { #expect(ladder.observe(frame % 50 == 49 ? 3 * Self.period : 0.3 * Self.period) == nil) }
    }

    @Test("when there is room again it goes up step by step, after a while each")
    func goesUp() {
        var ladder = Self.ladder()
        _ = run(&ladder, frames: 10, seconds: 2.5 * Self.period)
        #expect(run(&ladder, frames: 80, seconds: 0.3 * Self.period) == [])
        #expect(run(&ladder, frames: 400, seconds: 0.3 * Self.period) == [3, 2, 1, 0])
    }

    @Test("each step up that had to be taken back makes the next one come later")
    func growsHesitant() {
        var ladder = Self.ladder()
        var ups: [Int] = []
        var frame = 0
        // The rung below is roomy, the full size looks so beforehand and is too slow once taken.
        while ups.count < 4, frame < 20_000 {
            let took = (ladder.level == 0 ? 1.5 : 0.4) * Self.period
            if let level = ladder.observe(took) {
                if level < ladder.level { ups.append(frame) }
                ladder.moved(to: level == 0 ? 0 : 1)
            }
            frame += 1
        }
        let waits = zip(ups, ups.dropFirst()).map { $1 - $0 }
        #expect(waits.count == 3)
        #expect(zip(waits, waits.dropFirst()).allSatisfy { $1 > $0 }, "\(waits)")
    }
}
