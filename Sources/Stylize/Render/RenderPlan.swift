internal import Foundation
internal import Frames
internal import Inference
internal import Media
internal import Temporal

/// How a film is drawn in segments: what decides every picture. Written as `plan.json` into a folder beside the output.
///
/// See docs/render-plan.md.
struct RenderPlan: Codable, Sendable {
    static let currentVersion = 1

    var version = Self.currentVersion
    /// What was asked for; its paths are absolute.
    var request: StylizeRequest
    /// SHA-256 of the input's content.
    var input: String
    /// SHA-256 of the generator: its weights and its description.
    var generator: String
    /// Of the drawn pictures.
    var width: Int
    var height: Int
    var strength: Double
    var smoothing: String
    var container: String
    var longest = SegmentRule.longest
    var shortest = SegmentRule.shortest
    var warmUp = SegmentRule.warmUp
    /// Subtracted from the input's times, in microseconds.
    var zero: Int64

    /// Makes the plan for what was opened.
    init(_ setup: StylizeSetup) throws {
        request = setup.request
        request.input = URL(fileURLWithPath: setup.request.input).path
        request.output = URL(fileURLWithPath: setup.outputPath).path
        request.resumes = true
        input = try ContentHash.digest(of: URL(fileURLWithPath: setup.request.input))
        generator = try setup.choice.identity()
        (width, height) = (setup.width, setup.height)
        (strength, smoothing) = (setup.strength, setup.smoothing.rawValue)
        container = setup.output.container
        zero = setup.reader.zero
    }

    /// Every picture becomes the same with the other plan: where files lie, and on how many cores they are drawn, does not
    /// matter.
    func draws(like other: RenderPlan) throws -> Bool { try decisive() == other.decisive() }

    private func decisive() throws -> Data {
        var plan = self
        (plan.request.input, plan.request.output, plan.request.overwrites) = ("", nil, false)
        (plan.request.preset, plan.request.model) = ("", nil)
        plan.request.inference.cacheFolder = nil
        (plan.request.inference.streams, plan.request.inference.threads) = (nil, nil)
        plan.request.segments = nil
        return try JSONEncoder.sorted.encode(plan)
    }

    /// A segment that is drawn; written beside its bytes.
    struct Segment: Codable, Sendable {
        var start: SegmentStart
        /// SHA-256 of its bytes.
        var sha256: String
        var encoded: EncodedSegment
        /// What comes after it; nil: it is the last one.
        var next: SegmentStart?
        /// Of the last segment: the film ended because no more was wanted.
        var wasTrimmed = false
    }

    /// All segments, found out before they are drawn; written as `segments.json`.
    struct Segments: Codable, Sendable {
        var starts: [SegmentStart]
        /// How many pictures there are in all.
        var frames: Int
    }
}

extension JSONEncoder {
    static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
