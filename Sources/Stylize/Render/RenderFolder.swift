internal import Foundation
package import Frames
internal import Media

/// The folder that holds what is drawn of a film until all of it is.
///
/// A segment counts once its description is there, which is written, and brought to the disk, after its bytes: whenever
/// the program is killed, what counts is whole.
struct RenderFolder: Sendable {
    let url: URL

    /// - Parameter output: the film's path.
    init(for output: String) { url = URL(fileURLWithPath: output + ".render", isDirectory: true) }

    /// Opens the folder for a plan, and returns the segments that are drawn, in order. What was drawn otherwise is removed.
    ///
    /// - Throws: `.cannotCreate` where the folder cannot be made or written into.
    func open(_ plan: RenderPlan) throws -> (segments: [RenderPlan.Segment], isFresh: Bool) {
        if let old = read(RenderPlan.self, planFile), old == plan { return (verified(), false) }
        let isFresh = !FileManager.default.fileExists(atPath: url.path)
        do {
            try? FileManager.default.removeItem(at: url)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            try write(plan, to: planFile)
        } catch {
            throw SakugaError(
                .cannotCreate, "cannot make the folder '\(url.path)': \(error.localizedDescription)",
                hint: "choose another place with -o")
        }
        return ([], isFresh)
    }

    private var planFile: URL { url.appendingPathComponent("plan.json") }

    func bytes(_ number: Int) -> URL { url.appendingPathComponent(String(format: "%05d.packets", number)) }

    /// Where the bytes of a segment go until they are whole.
    func unfinished(_ number: Int) -> URL { url.appendingPathComponent(String(format: "%05d.unfinished", number)) }

    private func description(_ number: Int) -> URL { url.appendingPathComponent(String(format: "%05d.json", number)) }

    /// A segment is drawn: it counts from now on.
    func complete(_ segment: RenderPlan.Segment, _ number: Int) throws {
        try FileManager.default.replace(bytes(number), with: unfinished(number))
        try write(segment, to: description(number))
    }

    /// The segments from the first one on that are there and whole.
    private func verified() -> [RenderPlan.Segment] {
        var segments: [RenderPlan.Segment] = []
        while let segment = read(RenderPlan.Segment.self, description(segments.count)),
            let hash = try? ContentHash.digest(of: bytes(segments.count)), hash == segment.sha256,
            segment.first == segments.last.map({ $0.next?.first }) ?? 0
        { segments.append(segment) }
        return segments
    }

    func remove() { try? FileManager.default.removeItem(at: url) }

    private func read<Value: Decodable>(_ type: Value.Type, _ file: URL) -> Value? {
        (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(type, from: $0) }
    }

    private func write(_ value: some Encodable, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let fresh = file.appendingPathExtension("unfinished")
        try encoder.encode(value).write(to: fresh)
        let handle = try FileHandle(forUpdating: fresh)
        try handle.synchronize()
        try handle.close()
        try FileManager.default.replace(file, with: fresh)
    }
}

extension FileManager {
    /// Gives a file another's name in one step.
    fileprivate func replace(_ file: URL, with other: URL) throws {
        guard rename(other.path, file.path) == 0 else {
            throw SakugaError(
                .inputOutput, "cannot name '\(file.path)': \(String(cString: strerror(errno)).lowercased()) (rename)")
        }
    }
}
