/// Where a film is cut into segments that can be drawn by themselves: at pictures that differ much from the one before,
/// and else at a bounded length. The rule knows only the pictures up to the one in hand, so that a plan can be made while
/// drawing, and gives the same boundaries wherever it is asked.
struct SegmentRule: Sendable {
    /// Why a segment begins.
    enum Begin: String, Codable, Sendable {
        /// The film begins.
        case start
        /// The picture differs much: nothing before it matters.
        case cut
        /// The segment before is long enough.
        case length
    }

    /// Pictures in a segment that a cut may end, and in the longest.
    static let (shortest, longest) = (48, 240)
    /// Pictures drawn before a segment that begins by length, for the smoothing to swing in. The past counts at most 0.75
    /// with each picture: after 24 of them 0.1 % of what came before is left.
    static let warmUp = 24
    /// FFmpeg's `scdet`: the smaller of the mean luma difference and its change, in percent.
    private static let threshold = 10.0

    /// The first picture of the segment in hand.
    private(set) var first = 0
    private var previous: Double?

    init() {}

    /// Says whether a segment begins with the next picture.
    ///
    /// - Parameters:
    ///   - difference: mean absolute luma difference to the picture before, 0…255; nil for the first one that is seen.
    ///   - known: what is known already.
    mutating func begin(_ number: Int, difference: Double?, known: Begin? = nil) -> Begin? {
        let percent = (difference ?? 0) / 255 * 100
        let score = previous.map { min(percent, abs(percent - $0)) } ?? 0
        previous = percent
        var begin = known
        if begin == nil, number == 0 {
            begin = .start
        } else if begin == nil, number - first >= Self.longest {
            begin = .length
        } else if begin == nil, number - first >= Self.shortest, score >= Self.threshold {
            begin = .cut
        }
        if begin != nil { first = number }
        return begin
    }

    /// The next segment, should it begin by length, swings in with this picture.
    func warmsNext(_ number: Int) -> Bool { number - first >= Self.longest - Self.warmUp }
}
