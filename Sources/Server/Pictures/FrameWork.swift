internal import Foundation
internal import Frames
internal import Media
internal import Model
internal import Stylize
internal import Temporal

/// Makes pictures of single frames, in a worker process.
package struct FrameWork {
    private let order: WorkOrder
    private let request: StylizeRequest
    /// Pixels of the longer side of a picture to be looked at; larger ones are sent smaller.
    private static let longestSide = 1920
    private static let thumbnailSide = 320
    /// Multiply–adds that a preview may cost, in units of 10⁹: about a third of a second on two cores: 1640×920 pixels in a
    /// `live` size, 720×405 in a `studio` size.
    private static let mostGigaMACs = 16.0
    /// Times that are no more than this many seconds behind the last picture stand for it.
    private static let grace = 1.0

    package init(_ order: WorkOrder) {
        self.order = order
        request = order.request
    }

    /// Writes the frame at `time`, in seconds, as it is or drawn; a drawing that would take long is smaller.
    ///
    /// - Throws: `.usage` where the film is over by then.
    package func writeFrame(at time: Double, isDrawn: Bool) throws {
        let (reader, picture) = try shown(at: time)
        let pixels: PixelBuffer
        if isDrawn {
            let (drawn, reduction) = try draw(picture, of: reader)
            pixels = try resized(drawn, to: Self.size(of: reader, scale: reduction, longestSide: Self.longestSide))
        } else {
            let size = Self.size(of: reader, longestSide: Self.longestSide)
            pixels = try Self.converted(picture, of: reader, to: FramePool(width: size.width, height: size.height))
        }
        try write(JPEGEncoder().encoded(pixels), "frame.jpg")
    }

    /// Writes a small picture from near the beginning, and what is to be known of the file.
    package func writeThumbnail() throws {
        let ending = (order.input as NSString).pathExtension
        let facts = MediaFacts(try MediaReader(request.input, options: request.inputOptions), ending: ending)
        // Films tend to begin in the dark.
        let (reader, picture) = try shown(at: min(10, (facts.duration ?? 0) / 10))
        let size = Self.size(of: reader, longestSide: Self.thumbnailSide)
        let pixels = try Self.converted(picture, of: reader, to: FramePool(width: size.width, height: size.height))
        try write(JPEGEncoder().encoded(pixels), "thumbnail.jpg")
        try write(Array(JSONEncoder().encode(facts)), "facts.json")
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: order.folder).appendingPathComponent(name))
    }

    private func shown(at time: Double) throws -> (MediaReader, Picture) {
        var options = request.inputOptions
        options.start = time > 0 ? time : nil
        do {
            return try first(options)
        } catch let error as SakugaError where error.code == .usage && time > 0 {
            options.start = max(0, time - Self.grace)
            guard let reader = try? MediaReader(request.input, options: options), var last = try reader.nextPicture()
            else { throw error }
            while let next = try reader.nextPicture() { last = next }
            return (reader, last)
        }
    }

    private func first(_ options: InputOptions) throws -> (MediaReader, Picture) {
        let reader = try MediaReader(request.input, options: options)
        guard let picture = try reader.nextPicture() else {
            throw SakugaError(.data, "no picture of '\(request.input)' can be decoded")
        }
        return (reader, picture)
    }

    /// The drawing, at the size that the job would draw it unless that takes long; then `reduction` is the share of the film's
    /// sides that it has, else 1.
    private func draw(_ picture: Picture, of reader: MediaReader) throws -> (PixelBuffer, reduction: Double) {
        let choice = try GeneratorChoice(request, presets: PresetLibrary())
        var (scale, reduction) = (1.0, 1.0)
        if case .scaled(let factor) = request.size { scale = factor }
        func side(_ whole: Int) -> Int { max(2, Int((Double(whole) * scale).rounded())) }
        if case .preset(let preset) = choice {
            let cost = preset.size.generator.gigaMACs(
                width: side(reader.picture.width), height: side(reader.picture.height))
            if cost > Self.mostGigaMACs {
                scale *= (Self.mostGigaMACs / cost).squareRoot()
                reduction = scale
            }
        }
        let (width, height) = (side(reader.picture.width), side(reader.picture.height))
        let generator = try choice.makeGenerator(request, width: width, height: height)
        let pool = FramePool(width: width, height: height, alignment: generator.alignment)
        let original = try Self.converted(picture, of: reader, to: pool)
        let drawn = pool.makeBuffer()
        try generator.draw(original, into: drawn)
        let finished = PixelBlend(width: width, height: height).finished(
            original: original, drawn: drawn, strength: request.strength ?? choice.defaultStrength,
            keepColor: request.keepsColor)
        return (finished, reduction)
    }

    private static func converted(
        _ picture: Picture, of reader: MediaReader, to pool: FramePool
    ) throws -> PixelBuffer {
        try PictureConverter(for: reader.picture, pool: pool, alpha: .dropped).frame(from: picture).pixels
    }

    private func resized(_ pixels: PixelBuffer, to size: (width: Int, height: Int)) throws -> PixelBuffer {
        guard pixels.width != size.width || pixels.height != size.height else { return pixels }
        return try FrameResizer(to: FramePool(width: size.width, height: size.height)).resized(pixels)
    }

    /// The size at which a picture is looked at: with square pixels, at a share of its sides, and none longer than
    /// `longestSide`.
    private static func size(
        of reader: MediaReader, scale: Double = 1, longestSide: Int
    ) -> (width: Int, height: Int) {
        var (width, height) = (Double(reader.picture.width), Double(reader.picture.height))
        let video = reader.info.drawnStream.flatMap { reader.info.streams[$0].video }
        let parts = (video?.sampleAspectRatio ?? "").split(separator: ":").compactMap { Double($0) }
        if parts.count == 2, parts[0] > 0, parts[1] > 0 {
            let isSideways = (video?.rotation ?? 0) % 180 != 0
            width *= isSideways ? parts[1] / parts[0] : parts[0] / parts[1]
        }
        let share = min(scale, Double(longestSide) / max(width, height))
        (width, height) = ((width * share).rounded(), (height * share).rounded())
        return (max(2, Int(width)), max(2, Int(height)))
    }
}
