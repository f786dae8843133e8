internal import Foundation
package import Frames
internal import Media

/// The pictures of a folder and of the folders in it, in the order of their names.
package struct PictureFolder: Sendable {
    package let paths: [String]
    package let folder: String

    /// - Throws: `.noInput` where there is no such folder, `.data` where it holds no picture.
    package init(_ folder: String) throws {
        self.folder = folder
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw SakugaError(.noInput, "cannot read folder '\(folder)': no such folder")
        }
        guard isFolder.boolValue else {
            throw SakugaError(.noInput, "'\(folder)' is a file, expected a folder of pictures")
        }
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        paths = files.filter { MediaNames.isPicture($0) }.sorted().map { folder + "/" + $0 }
        guard !paths.isEmpty else {
            throw SakugaError(
                .data, "folder '\(folder)' holds no pictures", hint: "PNG, JPEG, WebP and their like are read")
        }
    }

    /// Reads a picture upright in RGB, made smaller where its shorter side is longer than `shortSide` pixels.
    ///
    /// - Throws: what decoding throws.
    package static func picture(at path: String, shortSide: Int) throws -> PixelBuffer {
        let reader = try MediaReader(path)
        let (width, height) = (reader.picture.width, reader.picture.height)
        let scale = min(1, Double(shortSide) / Double(min(width, height)))
        let pool = FramePool(
            width: max(1, Int((Double(width) * scale).rounded())),
            height: max(1, Int((Double(height) * scale).rounded())))
        guard let picture = try reader.nextPicture() else {
            throw SakugaError(.data, "no picture of '\(path)' can be decoded")
        }
        return try PictureConverter(for: reader.picture, pool: pool, alpha: .dropped).frame(from: picture).pixels
    }

    /// Reads all pictures; those that cannot be read are named to `skipped` and left out.
    package func pictures(shortSide: Int, skipped: (SakugaError) -> Void) throws -> [PixelBuffer] {
        try paths.compactMap { path in
            do {
                return try Self.picture(at: path, shortSide: shortSide)
            } catch let error as SakugaError where error.code == .data || error.code == .noInput {
                skipped(error)
                return nil
            }
        }
    }
}
