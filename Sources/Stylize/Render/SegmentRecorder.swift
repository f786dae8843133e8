internal import Foundation
internal import Frames
internal import Media

/// Keeps a film segment by segment as it is drawn. Used by one thread.
final class SegmentRecorder {
    private let folder: RenderFolder
    private let encoder: SegmentEncoder
    private var drawn: [RenderPlan.Segment]
    /// The segment in hand.
    private var current: (first: Int, begin: SegmentRule.Begin)?

    init(_ folder: RenderFolder, _ encoder: SegmentEncoder, drawn: [RenderPlan.Segment]) {
        (self.folder, self.encoder, self.drawn) = (folder, encoder, drawn)
    }

    /// Takes the next picture; false for those before the segment to go on with, which only swung the smoothing in.
    func encode(_ picture: Picture, begin: SegmentRule.Begin?) throws -> Bool {
        if let begin {
            let next = RenderPlan.Next(first: picture.number, begin: begin, ticks: picture.timestamp.ticks)
            try finishSegment(next)
            current = (picture.number, begin)
            try encoder.begin(folder.unfinished(drawn.count))
        }
        guard current != nil else { return false }
        try encoder.encode(picture)
        return true
    }

    /// The film has ended.
    func finish(trimmed: Bool) throws { try finishSegment(nil, trimmed: trimmed) }

    private func finishSegment(_ next: RenderPlan.Next?, trimmed: Bool = false) throws {
        guard let (first, begin) = current else { return }
        let encoded = try encoder.finish()
        let segment = RenderPlan.Segment(
            first: first, begin: begin, sha256: try ContentHash.digest(of: folder.unfinished(drawn.count)),
            encoded: encoded, next: next, wasTrimmed: trimmed)
        try folder.complete(segment, drawn.count)
        drawn.append(segment)
        current = nil
    }

    /// All segments that are drawn.
    var segments: [RenderPlan.Segment] { drawn }
}
