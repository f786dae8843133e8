internal import Foundation
internal import Frames

/// A destination that appears only when it is whole: written beside it under another name, then renamed.
struct OutputFile {
    /// The destination as the user named it, or as it follows from the input's name.
    let path: String
    /// Where the bytes go meanwhile; the destination itself for standard output and numbered pictures.
    let workingPath: String

    private enum Kind { case file, stream, sequence }
    private let kind: Kind

    /// Where an interrupted run leaves what it has drawn.
    var partialPath: String { Self.inserting("partial", into: path) }

    /// Checks that the destination may be written.
    ///
    /// - Throws: `.cannotCreate` where it exists and must not be overwritten, or its folder is missing or read-only;
    ///   `.usage` where it is the input.
    init(path: String, input: String, overwrites: Bool) throws(SakugaError) {
        self.path = path
        if path == "-" {
            kind = .stream
            workingPath = path
            return
        }
        let manager = FileManager.default
        let folder = (path as NSString).deletingLastPathComponent
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: folder.isEmpty ? "." : folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw SakugaError(
                .cannotCreate, "cannot create '\(path)': there is no folder '\(folder)'",
                hint: "make it first: mkdir -p '\(folder)'")
        }
        guard manager.isWritableFile(atPath: folder.isEmpty ? "." : folder) else {
            throw SakugaError(
                .cannotCreate, "cannot create '\(path)': the folder '\(folder.isEmpty ? "." : folder)' is not writable",
                hint: "choose another place with -o")
        }
        if Self.isSequence(path) {
            kind = .sequence
            workingPath = path
            let first = path.replacingSequenceNumber(with: 1)
            if !overwrites, manager.fileExists(atPath: first) {
                throw SakugaError(
                    .cannotCreate, "'\(first)' exists already", hint: "give --overwrite, or another name with -o")
            }
            return
        }
        if Self.isSameFile(path, input) {
            throw SakugaError(
                .usage, "'\(path)' is the input itself", hint: "give another name with -o: the original is never replaced")
        }
        if manager.fileExists(atPath: path, isDirectory: &isFolder) {
            if isFolder.boolValue {
                throw SakugaError(.cannotCreate, "'\(path)' is a folder", hint: "end it with a slash to write into it")
            }
            guard overwrites else {
                throw SakugaError(
                    .cannotCreate, "'\(path)' exists already", hint: "give --overwrite, or another name with -o")
            }
        }
        kind = .file
        workingPath = Self.inserting("unfinished-\(ProcessInfo.processInfo.processIdentifier)", into: path)
    }

    /// The whole output is there: it takes its name.
    func publish() throws(SakugaError) { try move(to: path) }

    /// The run was interrupted: what is drawn so far stays under the partial name. Returns that name.
    func publishPartial() throws(SakugaError) -> String {
        try move(to: partialPath)
        return kind == .file ? partialPath : path
    }

    /// The run failed: nothing stays.
    func discard() {
        if kind == .file { unlink(workingPath) }
    }

    private func move(to destination: String) throws(SakugaError) {
        guard kind == .file else { return }
        guard rename(workingPath, destination) == 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            discard()
            throw SakugaError(.cannotCreate, "cannot name the finished file '\(destination)': \(reason) (rename)")
        }
    }

    static func isSequence(_ path: String) -> Bool {
        path.range(of: "%[0-9]*d", options: .regularExpression) != nil
    }

    private static func inserting(_ word: String, into path: String) -> String {
        let name = path as NSString
        return "\(name.deletingPathExtension).\(word).\(name.pathExtension)"
    }

    private static func isSameFile(_ a: String, _ b: String) -> Bool {
        var first = stat()
        var second = stat()
        guard stat(a, &first) == 0, stat(b, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}

extension String {
    /// Fills the number into a pattern like `frames/%04d.png`.
    fileprivate func replacingSequenceNumber(with number: Int) -> String {
        guard let range = range(of: "%[0-9]*d", options: .regularExpression) else { return self }
        return replacingCharacters(in: range, with: String(format: String(self[range]), number))
    }
}
