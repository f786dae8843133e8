package import Foundation
internal import Frames
internal import Media
package import Model

/// Finds out a film's segments without drawing any, so that they can be drawn side by side.
///
/// The result is the same as that of drawing one after the other: the plan follows from the input and the options alone.
package enum RenderPlanner {
    /// Writes the plan of `request`, which is to be drawn in segments, into the folder beside its output; nothing where it
    /// is no film file that becomes one.
    ///
    /// - Throws: whatever `StylizeJob` says about the request.
    package static func plan(_ request: StylizeRequest, presets: PresetLibrary = PresetLibrary()) throws {
        let setup = try StylizeSetup(request, presets: presets)
        let file = try setup.outputFile()
        do {
            guard setup.isFilmFile, !file.isStream else { return }
            let folder = RenderFolder(for: setup.outputPath)
            let lock = try folder.lock()
            _ = try folder.open(try RenderPlan(setup), isWorker: false)
            if folder.segments == nil { try folder.write(try segments(setup)) }
            withExtendedLifetime(lock) {}
        } catch {
            file.discard()
            throw error
        }
    }

    /// The path that the drawing of `request` gets.
    ///
    /// - Throws: whatever `StylizeJob` says about the request.
    package static func outputPath(of request: StylizeRequest, presets: PresetLibrary = PresetLibrary()) throws
        -> String
    {
        try StylizeSetup(request, presets: presets).outputPath
    }

    private static func segments(_ setup: StylizeSetup) throws -> RenderPlan.Segments {
        let encoder = try SegmentEncoder(
            plan: setup.output, name: setup.outputPath, reader: setup.reader, output: setup.request.outputOptions,
            width: setup.width, height: setup.height)
        let converter = PictureConverter(
            for: setup.reader.picture, pool: FramePool(width: setup.width, height: setup.height, alignment: 1),
            alpha: encoder.keepsAlpha ? .keptOverFilledColors : .dropped)
        let cutter = SegmentCutter()
        var segments = RenderPlan.Segments(starts: [], frames: 0)
        while let picture = try setup.reader.nextPicture() {
            if let start = cutter.place(of: try converter.frame(from: picture)).start { segments.starts.append(start) }
            segments.frames += 1
        }
        return segments
    }
}

/// A film that is planned: what is to be drawn of it, and what is there.
package struct PlannedFilm: Sendable {
    private let folder: RenderFolder
    /// Draws all of it that is missing, and joins it.
    package let request: StylizeRequest
    /// Pictures of each segment.
    package let lengths: [Int]

    /// Reads the plan that is in a folder.
    ///
    /// - Throws: `.noInput` where there is none.
    package init(_ folder: URL) throws {
        self.folder = RenderFolder(folder)
        request = try self.folder.plan().request
        let segments = self.folder.segments
        let firsts = (segments?.starts ?? []).map(\.first)
        lengths = zip(firsts, firsts.dropFirst() + [segments?.frames ?? 0]).map { $1 - $0 }
    }

    /// The folder that is made for a film which is written to `output`.
    package static func folder(for output: String) -> URL { RenderFolder(for: output).url }

    /// The numbers of the segments that are drawn.
    package var drawn: Set<Int> { folder.drawnNumbers }

    /// Pictures that are drawn: all of them where the folder is gone, since the film was made of it.
    package var drawnPictures: Int {
        guard FileManager.default.fileExists(atPath: folder.url.path) else { return lengths.reduce(0, +) }
        return drawn.reduce(0) { $0 + (lengths.indices.contains($1) ? lengths[$1] : 0) }
    }

    /// Draws some segments only.
    package func request(for segments: Range<Int>) -> StylizeRequest {
        var request = request
        request.segments = segments
        request.overwrites = true
        return request
    }

    /// The segments that are not drawn, in stretches of at most `longest`.
    package func spans(longest: Int) -> [Range<Int>] {
        let drawn = drawn
        var spans: [Range<Int>] = []
        for number in lengths.indices where !drawn.contains(number) {
            if let last = spans.last, last.upperBound == number, last.count < longest {
                spans[spans.count - 1] = last.lowerBound..<number + 1
            } else {
                spans.append(number..<number + 1)
            }
        }
        return spans
    }
}
