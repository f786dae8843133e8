/// How two pictures in a row differ.
struct SceneEvidence: Sendable {
    /// Mean absolute luma difference, 0…255.
    var difference: Double
    /// Share of the second picture that motion finds in the first, 0…1.
    var visibleShare: Double
}

/// Finds hard cuts. A picture is suspected by the score of FFmpeg's `scdet` filter, the smaller of its mean absolute luma
/// difference to the picture before and of the change of that difference, in percent of the full range; it is a cut
/// where motion does not explain the difference. Fast pans over contrasty scenes have high scores but are no cuts.
struct SceneCutDetector {
    /// Scores from here on are suspected. FFmpeg's default; 8 to 14 are usual.
    private let threshold = 10.0
    /// A suspected picture is a cut where less than this share of it, 0…1, has a visible past.
    private let explainedShare = 0.5
    /// Any picture is a cut where less than this share has a visible past.
    private let leastShare = 0.1
    private var previousDifference = 0.0

    /// Whether the picture starts a new shot. Call for each picture in order.
    mutating func isCut(_ evidence: SceneEvidence) -> Bool {
        let percent = evidence.difference / 255 * 100
        let score = min(percent, abs(percent - previousDifference))
        previousDifference = percent
        return evidence.visibleShare < (score >= threshold ? explainedShare : leastShare)
    }
}
