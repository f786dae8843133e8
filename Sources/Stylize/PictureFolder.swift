internal import Foundation
package import Frames
internal import Media

/// The pictures of a folder, read as `stylize` reads them and reduced to one length of their longer sides.
package struct PictureFolder {
    package let pictures: [PixelBuffer]

    /// Reads the pictures directly in `path`, in the order of their names; of more than `limit` it takes `limit`, evenly
    /// spread.
    ///
    /// - Parameters:
    ///   - side: Longer sides are reduced to as many pixels; smaller pictures keep their size.
    ///   - leastSide: Smaller pictures are passed over.
    ///   - warn: Hears which pictures are passed over, and why.
    /// - Throws: `.noInput` for a folder that cannot be read, `.data` where fewer than `least` pictures are left.
    package init(
        _ path: String, side: Int, leastSide: Int, limit: Int = .max, atLeast least: Int, warn: (String) -> Void
    ) throws {
        let files = try Self.files(in: path)
        var chosen: [PixelBuffer] = []
        for file in files.spread(over: limit) {
            do {
                chosen.append(try Self.read(file, side: side, leastSide: leastSide))
            } catch let error as SakugaError where error.code != .interrupted && error.code != .software {
                warn("'\(file)' is passed over: \(error.message)")
            }
        }
        guard chosen.count >= least else {
            throw SakugaError(
                .data,
                "'\(path)' holds \(chosen.count == 1 ? "1 picture" : "\(chosen.count) pictures") that can be used, "
                    + "\(least) are the least",
                hint: "put more pictures into the folder: figures from few say little")
        }
        pictures = chosen
    }

    private static func files(in path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw SakugaError(.noInput, "'\(path)' is no folder", hint: "give a folder of pictures")
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw SakugaError(.noInput, "cannot open the folder '\(path)'", hint: "make it readable for you")
        }
        return names.filter { !$0.hasPrefix(".") && MediaNames.isPicture($0) }.sorted()
            .map { (path as NSString).appendingPathComponent($0) }
    }

    private static func read(_ file: String, side: Int, leastSide: Int) throws -> PixelBuffer {
        let reader = try MediaReader(file)
        let (width, height) = size(reader.picture.width, reader.picture.height, side: side)
        guard min(width, height) >= leastSide else {
            throw SakugaError(
                .data, "at \(width)×\(height) pixels a side is shorter than \(leastSide)")
        }
        let converter = PictureConverter(for: reader.picture, pool: FramePool(width: width, height: height))
        guard let picture = try reader.nextPicture() else { throw SakugaError(.data, "there is no picture in it") }
        let frame = try converter.frame(from: picture)
        if let alpha = frame.alpha,
            UnsafeBufferPointer(start: alpha.bytes, count: width * height).contains(where: { $0 < 255 })
        {
            throw SakugaError(.data, "it is transparent in places, and there is no telling what lies behind")
        }
        return frame.pixels
    }

    /// Sides become multiples of 8.
    private static func size(_ width: Int, _ height: Int, side: Int) -> (width: Int, height: Int) {
        let factor = min(1, Double(side) / Double(max(width, height)))
        func rounded(_ side: Int) -> Int { max(8, Int((Double(side) * factor / 8).rounded()) * 8) }
        return (rounded(width), rounded(height))
    }
}

extension Array {
    /// At most `count` elements, evenly spread, in order.
    func spread(over count: Int) -> [Element] {
        guard self.count > count else { return self }
        return (0..<count).map { self[$0 * self.count / count] }
    }
}
