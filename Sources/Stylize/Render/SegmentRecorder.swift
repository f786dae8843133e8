internal import Foundation
internal import Frames
internal import Media

/// Keeps a film segment by segment as it is drawn. Used by one thread.
final class SegmentRecorder {
    private let folder: RenderFolder
    private let encoder: SegmentEncoder
    /// The number of the segment in hand, or of the next.
    private var number: Int
    /// The segment in hand.
    private var current: SegmentStart?
    /// Those that were drawn here, by their number.
    private(set) var drawn: [Int: RenderPlan.Segment] = [:]

    /// - Parameter number: of the segment to begin with.
    init(_ folder: RenderFolder, _ encoder: SegmentEncoder, number: Int) {
        (self.folder, self.encoder, self.number) = (folder, encoder, number)
    }

    /// Takes the next picture; false for those before the segment to begin with, which only swing the smoothing in.
    func encode(_ picture: Picture, start: SegmentStart?) throws -> Bool {
        if let start {
            try finish(next: start)
            current = start
            try encoder.begin(folder.unfinished(number))
        }
        guard current != nil else { return false }
        try encoder.encode(picture)
        return true
    }

    /// No more pictures come.
    ///
    /// - Parameters:
    ///   - next: the segment that comes after the one in hand; nil: the film ends.
    ///   - trimmed: it ends because no more was wanted.
    func finish(next: SegmentStart?, trimmed: Bool = false) throws {
        guard let start = current else { return }
        let encoded = try encoder.finish()
        let segment = RenderPlan.Segment(
            start: start, sha256: try ContentHash.digest(of: folder.unfinished(number)), encoded: encoded, next: next,
            wasTrimmed: trimmed)
        try folder.complete(segment, number)
        drawn[number] = segment
        number += 1
        current = nil
    }

    /// The segment in hand comes to nothing.
    func abandon() {
        guard current != nil else { return }
        try? FileManager.default.removeItem(at: folder.unfinished(number))
    }
}
