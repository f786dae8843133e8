import Foundation
import Frames
import Stylize

/// The inputs of one call, folders replaced with the videos and pictures in them.
struct StylizeInputs {
    /// Files, URLs, numbered sequences or `-`, in the order given; the files of a folder in the order of their names.
    private(set) var paths: [String] = []
    /// Sentences about what is passed over.
    private(set) var notes: [String] = []

    /// - Throws: `.usage` where several inputs have no folder to go to; `.data` where a folder holds nothing to draw;
    ///   `.noInput` where it cannot be read.
    init(_ arguments: [String], output: String?) throws(SakugaError) {
        var hasFolder = false
        for argument in arguments {
            guard Self.isFolder(argument) else {
                paths.append(argument)
                continue
            }
            hasFolder = true
            try addFiles(in: argument)
        }
        guard hasFolder || arguments.count > 1 else { return }
        if let output {
            guard output != "-", output.hasSuffix("/") || Self.isFolder(output) else {
                throw SakugaError(
                    .usage, "\(hasFolder ? "a folder" : "several inputs") cannot go to the one file '\(output)'",
                    hint: "end it with a slash to make it a folder: -o '\(output == "-" ? "drawn" : output)/'")
            }
        } else if hasFolder {
            throw SakugaError(
                .usage, "a folder of drawings needs a folder to go to", hint: "name it with -o, for instance -o drawn/")
        }
    }

    private mutating func addFiles(in folder: String) throws(SakugaError) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw SakugaError(.noInput, "cannot open the folder '\(folder)'", hint: "make it readable for you")
        }
        let files = names.filter { !$0.hasPrefix(".") }.sorted().map { (folder as NSString).appendingPathComponent($0) }
        var found = 0
        for file in files {
            if Self.isFolder(file) {
                notes.append("'\(file)' is passed over: a folder in a folder")
            } else if MediaNames.isMedia(file) {
                paths.append(file)
                found += 1
            } else {
                notes.append("'\(file)' is passed over: not named like a video or picture")
            }
        }
        guard found > 0 else {
            throw SakugaError(
                .data, "there is no video or picture in the folder '\(folder)'",
                hint: "files are judged by their names, such as .mp4, .mkv, .png or .jpg")
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
