internal import Foundation
internal import Frames
internal import Media

/// How a film is drawn in segments: what decides every picture, and the segments that are drawn. Written as JSON into a
/// folder beside the output: `plan.json`, and for each segment that is drawn its bytes and a description with its hash.
///
/// See docs/render-plan.md.
struct RenderPlan: Codable, Sendable, Equatable {
    static let currentVersion = 1

    var version = Self.currentVersion
    /// SHA-256 of the input's content.
    var input: String
    /// Everything else that decides what is drawn and how it is encoded, by name; files by their SHA-256.
    var options: [String: String]
    var longest = SegmentRule.longest
    var shortest = SegmentRule.shortest
    var warmUp = SegmentRule.warmUp
    /// Subtracted from the input's times, in microseconds.
    var zero: Int64

    /// A segment that is drawn.
    struct Segment: Codable, Sendable, Equatable {
        /// Its first picture, counted over all that are drawn.
        var first: Int
        var begin: SegmentRule.Begin
        /// SHA-256 of its bytes.
        var sha256: String
        var encoded: EncodedSegment
        /// What comes after it; nil: it is the last one.
        var next: Next?
        /// Of the last segment: the film ended because no more was wanted.
        var wasTrimmed = false
    }

    /// The segment after one that is drawn.
    struct Next: Codable, Sendable, Equatable {
        var first: Int
        var begin: SegmentRule.Begin
        /// When its first picture is shown, in ticks.
        var ticks: Int64
    }
}

/// Where a run begins in the middle of a film.
struct RenderStart: Sendable {
    /// The segment to go on with.
    var next: RenderPlan.Next
    /// The picture to begin with, some before the segment's where the smoothing swings in.
    var number: Int
    var ticks: Int64

    /// After a segment that is drawn; nil after the last one.
    init?(after segment: RenderPlan.Segment) {
        guard let next = segment.next else { return nil }
        self.next = next
        let times = segment.encoded.times
        guard next.begin == .length, times.count >= SegmentRule.warmUp else {
            (number, ticks) = (next.first, next.ticks)
            return
        }
        number = next.first - SegmentRule.warmUp
        ticks = times[times.count - SegmentRule.warmUp]
    }
}
