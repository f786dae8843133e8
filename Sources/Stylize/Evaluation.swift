internal import Frames
internal import Media
package import Temporal

/// Measures a drawn video against the one it was drawn from. Frames are paired by their number.
package final class Evaluation {
    package struct Result: Codable, Sendable {
        package var originalFrames: Int
        package var stylizedFrames: Int
        package var stability: StabilityReport
    }

    /// One of the videos, its frames in RGB at the size of the drawing.
    private final class Film {
        let reader: MediaReader
        let converter: PictureConverter

        init(_ reader: MediaReader, pool: FramePool) {
            self.reader = reader
            converter = PictureConverter(for: reader.picture, pool: pool, alpha: .dropped)
        }

        func next() throws -> PixelBuffer? { try reader.nextPicture().map { try converter.frame(from: $0).pixels } }
    }

    private let original: Film
    private let stylized: Film
    private let unsmoothed: Film?
    private let meter: StabilityMeter
    private let limit: Int

    /// Opens the videos. Everything is measured at the size of the stylized one.
    package init(original: String, stylized: String, unsmoothed: String?, frames: Int?) throws {
        let drawn = try MediaReader(stylized)
        let pool = FramePool(width: drawn.picture.width, height: drawn.picture.height)
        self.original = Film(try MediaReader(original), pool: pool)
        self.stylized = Film(drawn, pool: pool)
        self.unsmoothed = try unsmoothed.map { Film(try MediaReader($0), pool: pool) }
        meter = try StabilityMeter(width: pool.width, height: pool.height)
        limit = frames ?? Int.max
    }

    package func run() throws -> Result {
        var counts = (original: 0, stylized: 0)
        while counts.stylized < limit {
            let before = try original.next()
            let after = try stylized.next()
            if before != nil { counts.original += 1 }
            if after != nil { counts.stylized += 1 }
            let reference = try unsmoothed?.next()
            guard let before, let after, unsmoothed == nil || reference != nil else {
                if before == nil, after == nil { break }
                continue
            }
            try meter.add(original: before, stylized: after, unsmoothed: reference)
        }
        return Result(originalFrames: counts.original, stylizedFrames: counts.stylized, stability: meter.report())
    }
}
