internal import Foundation
package import Frames
internal import Media

/// Where a result goes when the user does not say it in full.
package struct OutputName: Equatable {
    package let path: String
    /// The result goes into a folder that the user has named as such: it may be made.
    let makesFolder: Bool

    /// `NAME.PRESET.EXT` beside the input; `FOLDER/NAME.EXT` for a folder; otherwise what the user says.
    ///
    /// - Parameter isStill: the input is a still picture.
    /// - Throws: `.usage` where no output is named and the input is no file.
    package init(_ request: StylizeRequest, isStill: Bool, preset: String) throws(SakugaError) {
        let fileExtension = OutputPlan.defaultExtension(forInput: Self.plainName(request.input), isStill: isStill)
        guard let output = request.output else {
            guard request.input != "-", !request.input.contains("://") else {
                throw SakugaError(
                    .usage, "an output is needed where the input is no file",
                    hint: "name it with -o, for instance -o drawn.mp4")
            }
            path = "\(Self.stem(request.input)).\(preset).\(fileExtension)"
            makesFolder = false
            return
        }
        makesFolder = output.hasSuffix("/")
        guard makesFolder || Self.isFolder(output) else {
            path = output
            return
        }
        let base = (Self.stem(request.input) as NSString).lastPathComponent
        path = (output as NSString).appendingPathComponent("\(base.isEmpty ? "drawn" : base).\(fileExtension)")
    }

    /// The input's path without extension, and without the number of a numbered sequence: `frames/%04d.png` is `frames`,
    /// `frames/shot-%04d.png` is `frames/shot`.
    private static func stem(_ input: String) -> String {
        if input == "-" { return "stdin" }
        let name = plainName(input)
        var stem = (name as NSString).deletingPathExtension
        if OutputFile.isSequence(name) {
            stem = stem.replacingOccurrences(of: String.sequenceNumber, with: "", options: .regularExpression)
            while let last = stem.last, "-_. /".contains(last) { stem.removeLast() }
        }
        return stem
    }

    /// A URL without what follows its path.
    private static func plainName(_ input: String) -> String {
        guard input.contains("://") else { return input }
        return String(input.prefix { $0 != "?" && $0 != "#" })
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
