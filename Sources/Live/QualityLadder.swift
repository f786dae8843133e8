/// Decides at which size to draw so that every frame is done before the next one comes: down as soon as frames take too
/// long, up only when there has been room for a while, and more hesitantly after each step up that had to be taken back.
struct QualityLadder: Sendable {
    /// One step of the ladder: how large the network is, and the share of the source's sides that it draws at.
    struct Rung: Sendable, Equatable {
        /// A size of the preset; nil: the only one.
        var size: String?
        var scale: Double
        /// Time for a frame, as a share of the first rung's.
        var cost: Double
    }

    let rungs: [Rung]
    /// Seconds between frames of the source.
    let period: Double
    private(set) var level = 0
    private var average: Double?
    private var late = 0
    private var early = 0
    private var patience = Self.firstPatience
    private var sinceUp = Int.max

    /// Shares of the sides.
    static let scales = [1, 0.85, 0.7, 0.6, 0.5, 0.4, 1.0 / 3]
    /// A rung is too slow when frames take more of the period than this, and fast enough below `roomy`: encoding and
    /// capturing want their part.
    private static let tight = 0.9
    private static let roomy = 0.7
    private static let hurry = 6
    /// Frames with room before a step up.
    private static let firstPatience = 90
    private static let longestPatience = 90 * 32

    init(rungs: [Rung], period: Double) {
        precondition(!rungs.isEmpty)
        self.rungs = rungs
        self.period = period
    }

    /// Takes the time that a frame took on the current rung, in seconds, and returns another rung's number where it is
    /// time to change.
    mutating func observe(_ seconds: Double) -> Int? {
        let recent = average.map { $0 + 0.2 * (seconds - $0) } ?? seconds
        average = recent
        if sinceUp < Int.max { sinceUp += 1 }
        if recent > Self.tight * period, level < rungs.count - 1 {
            early = 0
            late += 1
            guard late >= Self.hurry else { return nil }
            let fitting = (level + 1..<rungs.count).first { predicted(recent, $0) < Self.roomy * period }
            return fitting ?? rungs.count - 1
        }
        late = 0
        guard level > 0, predicted(recent, level - 1) < Self.roomy * period else {
            early = 0
            return nil
        }
        early += 1
        return early >= patience ? level - 1 : nil
    }

    /// The change has been made: what is observed from now on is the new rung's.
    mutating func moved(to level: Int) {
        if level < self.level {
            sinceUp = 0
        } else if level > self.level, sinceUp < Self.firstPatience * 2 {
            patience = min(patience * 2, Self.longestPatience)
        }
        self.level = level
        (average, late, early) = (nil, 0, 0)
    }

    private func predicted(_ seconds: Double, _ other: Int) -> Double {
        seconds * rungs[other].cost / rungs[level].cost
    }
}
