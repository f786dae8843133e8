internal import Foundation
internal import Frames

/// Where the files of jobs lie: a folder for each, named after its identifier, so that no name that a client gave is ever a
/// path.
struct JobFolders: Sendable {
    private let root: URL
    /// Compiled networks, from one worker to the next.
    let networks: URL
    /// What is being made: nothing in it outlives the server.
    private let scratch: URL

    /// - Throws: `.cannotCreate` where the folder cannot be made.
    init(_ data: URL) throws {
        root = data.appendingPathComponent("jobs", isDirectory: true)
        networks = data.appendingPathComponent("networks", isDirectory: true)
        scratch = data.appendingPathComponent("scratch", isDirectory: true)
        try? FileManager.default.removeItem(at: scratch)
        try Self.make(root)
        try Self.make(scratch)
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

    /// An empty folder of its own, for whoever asks to take away.
    func makeScratch() throws -> URL {
        let folder = scratch.appendingPathComponent(UUID().uuidString, isDirectory: true)
        try Self.make(folder)
        return folder
    }

    /// What a worker said about a job's files, for everybody: where things lie on this machine is nobody's business.
    func withoutPaths(_ text: String, of job: Job) -> String {
        text.replacingOccurrences(of: input(job.id, filename: job.filename).path, with: job.filename)
            .replacingOccurrences(of: folder(job.id).path + "/", with: "")
    }

    func remove(_ id: String) { try? FileManager.default.removeItem(at: folder(id)) }

    /// Takes away folders that no job stands for: uploads that never came to their end.
    func removeOrphans(keeping isKnown: (String) -> Bool) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [] where !isKnown(name) {
            remove(name)
        }
    }
}
