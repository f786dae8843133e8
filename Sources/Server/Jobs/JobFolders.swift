internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Stylize

/// Where the files of jobs lie: a folder for each, named after its identifier, so that no name that a client gave is ever a
/// path.
struct JobFolders: Sendable {
    private let data: URL
    private let root: URL
    /// Compiled networks, from one worker to the next.
    let networks: URL
    /// What is being made: nothing in it outlives the server.
    private let scratch: URL
    private let allowed: AllowedFolders

    /// - Parameter allowed: where films are that are drawn in place.
    /// - Throws: `.cannotCreate` where the folder cannot be made.
    init(_ data: URL, allowed: AllowedFolders) throws {
        (self.data, self.allowed) = (data, allowed)
        root = data.appendingPathComponent("jobs", isDirectory: true)
        networks = data.appendingPathComponent("networks", isDirectory: true)
        scratch = data.appendingPathComponent("scratch", isDirectory: true)
        try Self.make(root)
        try Self.make(scratch)
    }

    /// Keeps other servers away from the folder, and takes away what one before was making.
    ///
    /// - Returns: what is to be held as long as the folder is used.
    /// - Throws: `.unavailable` where another server uses it.
    func lock() throws -> FileLock {
        let lock = try FileLock(data.appendingPathComponent("server.lock")) {
            SakugaError(
                .unavailable, "another server uses the folder '\(data.path)'",
                hint: "stop that one, or choose another folder with --data")
        }
        try? FileManager.default.removeItem(at: scratch)
        try Self.make(scratch)
        return lock
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

    /// The job's film. One that is drawn in place is looked for anew each time: what its path leads to may change.
    ///
    /// - Throws: `Refusal` where it is no longer in a folder that is allowed.
    func input(_ job: Job) throws -> URL {
        guard let source = job.source else { return input(job.id, filename: job.filename) }
        return try file(source)
    }

    /// A file that may be drawn in place.
    ///
    /// - Throws: `Refusal` where it may not.
    func file(_ path: String) throws -> URL { try allowed.file(path, except: data) }

    func log(_ id: String) -> URL { folder(id).appendingPathComponent("log.txt") }

    private func output(_ id: String) -> URL { folder(id).appendingPathComponent("result", isDirectory: true) }

    func make(_ id: String) throws { try Self.make(folder(id)) }

    /// The folder for the next attempt: empty, but for the segments that one before has drawn.
    func freshOutput(_ id: String) throws -> URL {
        for file in files(of: id) where file.pathExtension != "render" { try? FileManager.default.removeItem(at: file) }
        try Self.make(output(id))
        return output(id)
    }

    private func files(of id: String) -> [URL] {
        (try? FileManager.default.contentsOfDirectory(at: output(id), includingPropertiesForKeys: nil)) ?? []
    }

    /// The one file that an attempt has left.
    func result(_ id: String) -> URL? {
        // A worker that was killed may have left something beside it.
        let files = files(of: id).filter {
            $0.pathExtension != "render" && !$0.lastPathComponent.contains(".unfinished-")
        }
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
        text.replacingOccurrences(of: job.source ?? input(job.id, filename: job.filename).path, with: job.filename)
            .replacingOccurrences(of: folder(job.id).path + "/", with: "")
    }

    /// The bytes of all files of a job.
    func size(_ id: String) -> Int {
        let keys: [URLResourceKey] = [.isRegularFileKey, .fileSizeKey]
        let files = FileManager.default.enumerator(at: folder(id), includingPropertiesForKeys: keys)
        return (files?.compactMap { $0 as? URL } ?? []).reduce(0) { sum, file in
            let facts = try? file.resourceValues(forKeys: Set(keys))
            return sum + (facts?.isRegularFile == true ? facts?.fileSize ?? 0 : 0)
        }
    }

    /// The bytes of a file.
    func size(of file: URL) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
    }

    /// The bytes that are free on the disk, for users without special rights.
    var freeBytes: Int {
        var facts = statvfs()
        guard statvfs(root.path, &facts) == 0 else { return .max }
        return Int(facts.f_bavail) * Int(facts.f_frsize)
    }

    /// - Throws: `Refusal` where the disk would have less than `reserve` bytes left with `bytes` more on it.
    func checkDisk(for bytes: Int, reserve: Int) throws {
        guard reserve == 0 || freeBytes - bytes >= reserve else {
            throw Refusal(.insufficientStorage, "the server's disk is nearly full: try again later")
        }
    }

    func remove(_ id: String) { try? FileManager.default.removeItem(at: folder(id)) }

    /// Takes away the folders of jobs and uploads that are not known: of what never came to its end.
    func removeOrphans(keeping known: Set<String>) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [] where !known.contains(name)
        {
            remove(name)
        }
    }
}
