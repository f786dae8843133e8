internal import Foundation
package import Frames

/// A destination that appears only when it is whole: written beside it under another name, then renamed.
package struct OutputFile: Sendable {
    /// The destination as the user named it, or as it follows from the input's name.
    package let path: String
    /// Where the bytes go meanwhile; the destination itself for standard output, devices and numbered pictures.
    package let workingPath: String

    private enum Kind { case file, stream, sequence }
    private let kind: Kind
    /// Standard output, a pipe or a device, which cannot go back to what was written.
    package var isStream: Bool { kind == .stream }
    private let overwrites: Bool
    /// The folder that was made for the destination, to be taken away again when nothing comes of it.
    private let madeFolder: String?

    /// Checks that the destination may be written, and makes its folder where that is asked for.
    ///
    /// - Parameter holdsPictures: a number in the name (`%04d`) stands for the numbers of pictures.
    /// - Throws: `.cannotCreate` where it exists and must not be overwritten, or its folder is missing or read-only;
    ///   `.usage` where it is the input.
    package init(
        path: String, inputs: [String], overwrites: Bool, makesFolder: Bool = false, holdsPictures: Bool
    ) throws(SakugaError) {
        self.path = path
        self.overwrites = overwrites
        if path == "-" || Self.isDevice(path) {
            (kind, workingPath, madeFolder) = (.stream, path, nil)
            return
        }
        if holdsPictures, Self.isSequence(path) {
            (kind, workingPath) = (.sequence, path)
            try Self.checkSequence(path, inputs: inputs, overwrites: overwrites)
        } else {
            kind = .file
            workingPath = Self.inserting("unfinished-\(ProcessInfo.processInfo.processIdentifier)", into: path)
            try Self.checkFile(path, inputs: inputs, overwrites: overwrites)
        }
        madeFolder = try Self.checkFolder(of: path, makes: makesFolder)
    }

    /// The whole output is there: it takes its name.
    ///
    /// - Throws: `.cannotCreate` where the name was taken meanwhile; the result is then kept under the partial name.
    package func publish() throws(SakugaError) {
        guard kind == .file else { return }
        flush()
        if !overwrites {
            // A link, unlike a renaming, never replaces a file that another program has made in the meantime.
            if link(workingPath, path) == 0 {
                unlink(workingPath)
                return
            }
            if errno == EEXIST {
                let kept = try publishPartial()
                throw SakugaError(
                    .cannotCreate, "'\(path)' was made by another program meanwhile", hint: "the result is in '\(kept)'"
                )
            }
            // Some file systems have no links.
        }
        try move(to: path)
    }

    /// The run was interrupted: what is drawn so far stays under a name with `partial` in it, which is returned.
    package func publishPartial() throws(SakugaError) -> String {
        guard kind == .file else { return path }
        flush()
        var partial = Self.inserting("partial", into: path)
        var number = 2
        while !overwrites, FileManager.default.fileExists(atPath: partial) {
            partial = Self.inserting("partial-\(number)", into: path)
            number += 1
        }
        try move(to: partial)
        return partial
    }

    /// The run failed: nothing stays.
    package func discard() {
        if kind == .file { unlink(workingPath) }
        // Leaves a folder alone that somebody has put something into.
        if let madeFolder { rmdir(madeFolder) }
    }

    /// Brings the bytes to the disk before they get their name, so that a power cut leaves no empty file under it.
    private func flush() {
        let descriptor = open(workingPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func move(to destination: String) throws(SakugaError) {
        guard rename(workingPath, destination) == 0 else {
            let reason = Self.reason(errno)
            discard()
            throw SakugaError(.cannotCreate, "cannot name the finished file '\(destination)': \(reason) (rename)")
        }
    }

    // MARK: Checks

    private static func checkFile(_ path: String, inputs: [String], overwrites: Bool) throws(SakugaError) {
        if inputs.contains(where: { isSameFile(path, local($0)) }) { throw replacement(path) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        if isFolder.boolValue {
            throw SakugaError(.cannotCreate, "'\(path)' is a folder", hint: "end it with a slash to write into it")
        }
        guard overwrites else { throw existing(path) }
    }

    private static func checkSequence(_ path: String, inputs: [String], overwrites: Bool) throws(SakugaError) {
        let taken = numbered(path)
        let isInput = inputs.contains { input in
            standard(path) == standard(local(input)) || taken.contains { isSameFile($0, local(input)) }
        }
        if isInput { throw replacement(path) }
        if !overwrites, let first = taken.first { throw existing(first) }
    }

    /// The files that are there under the names of a sequence.
    private static func numbered(_ path: String) -> [String] {
        let name = (path as NSString).lastPathComponent
        guard let number = name.range(of: String.sequenceNumber, options: .regularExpression) else { return [] }
        let (prefix, suffix) = (name[..<number.lowerBound], name[number.upperBound...])
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(of: path))) ?? []
        let taken = names.filter { file in
            guard file.hasPrefix(prefix), file.hasSuffix(suffix), file.count > prefix.count + suffix.count else {
                return false
            }
            return file.dropFirst(prefix.count).dropLast(suffix.count).allSatisfy { $0.isASCII && $0.isNumber }
        }
        let place = path.dropLast(name.count)
        return taken.sorted().map { place + $0 }
    }

    /// Returns the folder that was made, if any.
    private static func checkFolder(of path: String, makes: Bool) throws(SakugaError) -> String? {
        let folder = folder(of: path)
        var made: String?
        var isFolder: ObjCBool = false
        if !FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) {
            guard makes else {
                throw SakugaError(
                    .cannotCreate, "cannot create '\(path)': there is no folder '\(folder)'",
                    hint: "make it first: mkdir -p '\(folder)'")
            }
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw SakugaError(
                    .cannotCreate, "cannot create the folder '\(folder)'", hint: "choose another place with -o")
            }
            made = folder
        } else if !isFolder.boolValue {
            throw SakugaError(
                .cannotCreate, "cannot create '\(path)': '\(folder)' is no folder", hint: "choose another place with -o"
            )
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw SakugaError(
                .cannotCreate, "cannot create '\(path)': the folder '\(folder)' is not writable",
                hint: "choose another place with -o")
        }
        return made
    }

    private static func replacement(_ path: String) -> SakugaError {
        SakugaError(
            .usage, "'\(path)' is the input itself", hint: "give another name with -o: the original is never replaced")
    }

    private static func existing(_ path: String) -> SakugaError {
        SakugaError(.cannotCreate, "'\(path)' exists already", hint: "give --overwrite, or another name with -o")
    }

    // MARK: Paths

    static func isSequence(_ path: String) -> Bool {
        (path as NSString).lastPathComponent.range(of: String.sequenceNumber, options: .regularExpression) != nil
    }

    /// A pipe, `/dev/null` and the like: written to as it is, since renaming a file to it would destroy it.
    private static func isDevice(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    }

    /// By hand: NSString's deletingLastPathComponent crashes on a name of one character in Swift 6.3's Foundation.
    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func inserting(_ word: String, into path: String) -> String {
        let name = path as NSString
        guard !name.pathExtension.isEmpty else { return "\(path).\(word)" }
        return "\(name.deletingPathExtension).\(word).\(name.pathExtension)"
    }

    /// A path as FFmpeg takes it out of a `file:` URL.
    private static func local(_ input: String) -> String {
        input.hasPrefix("file:") && input.contains("://") ? String(input.dropFirst("file:".count)) : input
    }

    private static func standard(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

    private static func isSameFile(_ a: String, _ b: String) -> Bool {
        var first = stat()
        var second = stat()
        guard stat(a, &first) == 0, stat(b, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}

extension String {
    /// The number in the name of a sequence of pictures, as printf writes it.
    static let sequenceNumber = "%[0-9]*d"
}
