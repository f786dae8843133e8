internal import Foundation
internal import Frames

/// Where the files of jobs lie: a folder for each, named after its identifier, so that no name that a client gave is ever a
/// path.
struct JobFolders: Sendable {
    private let root: URL

    /// - Throws: `.cannotCreate` where the folder cannot be made.
    init(_ data: URL) throws {
        root = data.appendingPathComponent("jobs", isDirectory: true)
        try Self.make(root)
    }

    private static func make(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SakugaError(
                .cannotCreate, "cannot make the folder '\(folder.path)'", hint: "choose another one with --data")
        }
    }

    func folder(_ id: String) -> URL { root.appendingPathComponent(id, isDirectory: true) }

    /// The upload. Its ending says which container the result gets; nothing else of the client's name is used.
    func input(_ id: String, filename: String) -> URL {
        let ending = (filename as NSString).pathExtension.lowercased()
        let isPlain = (1...5).contains(ending.count) && ending.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return folder(id).appendingPathComponent(isPlain ? "input.\(ending)" : "input")
    }

    func log(_ id: String) -> URL { folder(id).appendingPathComponent("log.txt") }

    private func output(_ id: String) -> URL { folder(id).appendingPathComponent("result", isDirectory: true) }

    func make(_ id: String) throws { try Self.make(folder(id)) }

    /// An empty folder for the next attempt.
    func freshOutput(_ id: String) throws -> URL {
        try? FileManager.default.removeItem(at: output(id))
        try Self.make(output(id))
        return output(id)
    }

    /// The one file that an attempt has left.
    func result(_ id: String) -> URL? {
        let files =
            (try? FileManager.default.contentsOfDirectory(at: output(id), includingPropertiesForKeys: nil)) ?? []
        return files.count == 1 ? files[0] : nil
    }

    func remove(_ id: String) { try? FileManager.default.removeItem(at: folder(id)) }

    /// Takes away folders that no job stands for: uploads that never came to their end.
    func removeOrphans(keeping isKnown: (String) -> Bool) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [] where !isKnown(name) {
            remove(name)
        }
    }
}
