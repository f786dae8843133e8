internal import Foundation
internal import Frames
internal import Media

/// The drawing of a film in segments that outlive the program: where it goes on, and how it becomes the film.
final class SegmentedRender: @unchecked Sendable {
    // @unchecked Sendable: `recorder` belongs to the encode stage, and, like `lock`, to whoever has waited for its
    // end; the rest is immutable.

    let encoder: SegmentEncoder
    let recorder: SegmentRecorder
    /// Reads on where drawing goes on.
    let reader: MediaReader
    /// The reader's first picture, where it was looked at already.
    let firstPicture: Picture?
    /// What is to be drawn; nil: nothing, the segments only have to be joined.
    let gap: RenderFolder.Contents.Gap?
    /// Frames that are there already.
    let drawnBefore: Int
    private let setup: StylizeSetup
    private let folder: RenderFolder
    private let before: RenderFolder.Contents
    private var lock: FileLock?

    /// Looks for what is drawn already of a film that is a file and becomes one.
    init(_ setup: StylizeSetup) throws {
        self.setup = setup
        folder = RenderFolder(for: setup.outputPath)
        let range = setup.request.segments
        let plan = try RenderPlan(setup)
        lock = try range == nil ? folder.lock() : nil
        before = try folder.open(plan, isWorker: range != nil)
        gap = before.gap(in: range ?? 0..<Int.max)
        drawnBefore = range == nil ? before.frames : 0
        encoder = try SegmentEncoder(
            plan: setup.output, name: setup.outputPath, reader: setup.reader, output: setup.request.outputOptions,
            width: setup.width, height: setup.height)
        recorder = SegmentRecorder(folder, encoder, number: gap?.number ?? 0)
        if let start = gap?.start, start.from > 0 {
            (reader, firstPicture) = try Self.reader(setup, start, keepsAlpha: encoder.keepsAlpha)
        } else {
            (reader, firstPicture) = (setup.reader, nil)
        }
    }

    /// Reads on from a place in the film: by seeking, where that leads to the very picture, else by decoding all before it.
    private static func reader(
        _ setup: StylizeSetup, _ start: SegmentStart, keepsAlpha: Bool
    ) throws -> (MediaReader, Picture?) {
        let (request, opened) = (setup.request, setup.reader)
        func isSame(_ picture: Picture?, _ reader: MediaReader) throws -> Bool {
            guard let picture, picture.timestamp.ticks == start.ticks else { return false }
            let converter = PictureConverter(
                for: reader.picture, pool: FramePool(width: setup.width, height: setup.height, alignment: 1),
                alpha: keepsAlpha ? .keptOverFilledColors : .dropped)
            return SegmentCutter.look(of: try converter.frame(from: picture).pixels) == start.look
        }
        var options = request.inputOptions
        // Making interlaced pictures progressive looks back too.
        if !opened.picture.isDeinterlaced {
            options.resumption = .init(number: start.from, ticks: start.ticks, zero: opened.zero)
            if let reader = try? MediaReader(request.input, options: options) {
                let picture = try reader.nextPicture()
                if try isSame(picture, reader) { return (reader, picture) }
            }
        }
        for _ in 0..<start.from { _ = try opened.nextPicture() }
        let picture = try opened.nextPicture()
        guard try isSame(picture, opened) else {
            throw SakugaError(.data, "picture \(start.from) of '\(request.input)' is not what it was")
        }
        return (opened, picture)
    }

    /// All pictures of the gap are drawn. `isWhole`: it was not stopped.
    func finish(isWhole: Bool) throws {
        // The last segment of a run that was stopped is not whole, and is drawn anew.
        guard isWhole else { return recorder.abandon() }
        try recorder.finish(next: gap?.end, trimmed: gap?.end == nil && reader.endedByTrim)
    }

    /// There is nothing left to be drawn.
    var isComplete: Bool { gap == nil ? before.isComplete : segments != nil }

    /// All segments in order; nil: some are missing.
    private var segments: [RenderPlan.Segment]? {
        let drawn = before.drawn.merging(recorder.drawn) { $1 }
        var segments: [RenderPlan.Segment] = []
        while let segment = drawn[segments.count] {
            segments.append(segment)
            if segment.next == nil { return segments }
        }
        return nil
    }

    /// Joins the segments beside the film's other streams. Returns how many damaged packets of those are left out.
    func join(into file: OutputFile) throws -> Int {
        guard let segments else { throw SakugaError(.software, "segments are missing in '\(folder.url.path)'") }
        let original = try MediaReader(setup.request.input, options: setup.request.inputOptions)
        let writer = try MediaWriter(
            url: file.workingPath, name: setup.outputPath, plan: setup.output, reader: original,
            output: setup.request.outputOptions, width: setup.width, height: setup.height)
        let join = SegmentJoin(segments.map(\.encoded), into: writer, reader: original)
        for (number, segment) in segments.enumerated() { try join.add(segment.encoded, folder.bytes(number)) }
        try join.finish(trimmed: segments.last?.wasTrimmed == true)
        return writer.lostPackets
    }

    /// The film is whole. Callable once all stages have ended.
    func removeFolder() {
        folder.removeContents()
        // Some network file systems keep a file, and its folder, for as long as it is open.
        lock = nil
        folder.remove()
    }
}
