/// Cuts a film into segments that can be drawn by themselves: at pictures that differ much from the one before, and
/// else at a bounded length. It knows only the pictures up to the one in hand, so that a plan can be made while drawing, and
/// gives the same boundaries wherever it is asked.
///
/// Drawings are held still over time, so a segment that begins within a scene first draws some pictures before it, for the
/// smoothing to swing in; they are not kept.
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

    /// What a picture is in the plan.
    struct Place: Sendable, Equatable {
        /// A segment begins with it.
        var begin: Begin?
        /// The next segment, should it begin by length, swings in with it.
        var warmsNext: Bool
    }

    /// Pictures in a segment that a cut may end, and in the longest.
    static let (shortest, longest) = (48, 240)
    /// Pictures drawn before a segment that begins by length. The past counts 0.75 with each picture, so that after 12
    /// of them 3 % of what came before is left.
    static let warmUp = 12
    /// FFmpeg's `scdet`: the smaller of the mean luma difference and its change, in percent.
    private static let threshold = 10.0

    /// The first picture of the segment in hand.
    private(set) var first = 0
    private var previous: Double?
    /// The next segment, where it is known because the film was drawn up to there before.
    private let known: (first: Int, begin: Begin)?

    init() { known = nil }

    /// Goes on in the middle of a film, with a segment that is known to begin, or some pictures before it.
    init(_ begin: Begin, at first: Int) { known = (first, begin) }

    /// Says what the next picture is. `difference`: mean absolute luma difference to the one before, 0…255; nil for the
    /// first picture that is seen.
    mutating func place(_ number: Int, difference: Double?) -> Place {
        let percent = (difference ?? 0) / 255 * 100
        let score = previous.map { min(percent, abs(percent - $0)) } ?? 0
        previous = percent
        if let known, number <= known.first {
            if number == known.first { first = number }
            return Place(
                begin: number == known.first ? known.begin : nil,
                warmsNext: number < known.first && known.begin == .length)
        }
        var begin: Begin?
        if number == 0 {
            begin = .start
        } else if number - first >= Self.longest {
            begin = .length
        } else if number - first >= Self.shortest, score >= Self.threshold {
            begin = .cut
        }
        if begin != nil { first = number }
        return Place(begin: begin, warmsNext: number - first >= Self.longest - Self.warmUp)
    }
}
