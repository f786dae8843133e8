internal import Foundation
internal import Frames
internal import Synchronization

/// One output and what it was made from.
struct ManifestEntry: Codable, Equatable, Sendable {
    enum Kind: String, Codable { case drawing, copy }

    var kind: Kind
    var output: String
    var source: String
    var seed: UInt64?
    /// The style code of the seed.
    var z: [Float]?
    var strength: Double?
    var preset: String?
    var presetVersion: Int?
    /// The program's.
    var version: String?

    private enum CodingKeys: String, CodingKey {
        case kind, output, source, seed, z, strength, preset, version
        case presetVersion = "preset_version"
    }

    static func copy(of source: String, to output: String) -> Self {
        Self(kind: .copy, output: output, source: source)
    }

    private init(kind: Kind, output: String, source: String) {
        (self.kind, self.output, self.source) = (kind, output, source)
    }

    init(
        drawing source: String, to output: String, seed: UInt64, style: [Float], strength: Double,
        preset: (name: String, version: Int), version: String
    ) {
        self.init(kind: .drawing, output: output, source: source)
        (self.seed, z, self.strength, self.version) = (seed, style, strength, version)
        (self.preset, presetVersion) = (preset.name, preset.version)
    }
}

/// `manifest.jsonl` in the output folder: one line for each output. A line is written before its output gets its name,
/// so that every output that is there can be told from a stranger's file. Callable from several threads.
final class AugmentManifest: Sendable {
    static let name = "manifest.jsonl"

    private struct State {
        var entries: [String: ManifestEntry] = [:]
        var file: FileHandle?
    }

    private let folder: String
    private let path: String
    private let state = Mutex(State())

    /// Reads what an earlier run has left; a line that it could not complete is passed over.
    init(folder: String) {
        self.folder = folder
        path = (folder as NSString).appendingPathComponent(Self.name)
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let decoder = JSONDecoder()
        let entries = text.split(separator: "\n").compactMap {
            try? decoder.decode(ManifestEntry.self, from: Data($0.utf8))
        }
        state.withLock { $0.entries = Dictionary(entries.map { ($0.output, $0) }) { $1 } }
    }

    /// What an output was made from, as far as it is known.
    func entry(_ output: String) -> ManifestEntry? { state.withLock { $0.entries[output] } }

    /// Adds a line.
    ///
    /// - Throws: `.inputOutput` where it cannot be written.
    func add(_ entry: ManifestEntry) throws {
        let line = try Self.line(entry)
        try state.withLock { state in
            guard state.entries[entry.output] != entry else { return }
            do {
                if state.file == nil { state.file = try open() }
                try state.file?.write(contentsOf: line)
            } catch {
                throw failure(error)
            }
            state.entries[entry.output] = entry
        }
    }

    /// Writes the lines of all outputs that are there, in the order of their names.
    func complete() throws {
        let entries = state.withLock { state in
            try? state.file?.close()
            state.file = nil
            return state.entries.values.sorted { $0.output < $1.output }
        }
        var text = Data()
        for entry in entries {
            let output = (folder as NSString).appendingPathComponent(entry.output)
            if FileManager.default.fileExists(atPath: output) { text += try Self.line(entry) }
        }
        do {
            try text.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw failure(error)
        }
    }

    private func open() throws -> FileHandle? {
        if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        // A line that was cut off must not swallow the next.
        if let length = try? file.seekToEnd(), length > 0 {
            try file.seek(toOffset: length - 1)
            if try file.read(upToCount: 1) != Data("\n".utf8) { try file.write(contentsOf: Data("\n".utf8)) }
        }
        return file
    }

    private func failure(_ error: any Error) -> SakugaError {
        SakugaError(.inputOutput, "cannot write '\(path)': \(error.localizedDescription)")
    }

    private static func line(_ entry: ManifestEntry) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(entry) + Data("\n".utf8)
    }
}
