internal import Foundation
internal import Frames
internal import Media

/// The folder that holds what is drawn of a film until all of it is.
///
/// A segment counts once its description is there, which is written, and brought to the disk, after its bytes: whenever
/// the program is killed, what counts is whole.
struct RenderFolder: Sendable {
    let url: URL

    /// - Parameter output: the film's path.
    init(for output: String) { url = URL(fileURLWithPath: output + ".render", isDirectory: true) }

    init(_ url: URL) { self.url = url }

    /// What is there of a film.
    struct Contents {
        /// The segments that are drawn and whole, by their number.
        var drawn: [Int: RenderPlan.Segment] = [:]
        /// Where segments begin, as far as that is known.
        var starts: [Int: SegmentStart] = [:]
        /// How many segments there are, where that is known.
        var count: Int?

        /// A stretch of segments that are to be drawn one after the other.
        struct Gap {
            var number: Int
            /// Its first segment; nil: the film's first.
            var start: SegmentStart?
            /// The segment before which it ends; nil: the end of the film.
            var end: SegmentStart?
        }

        /// The first gap within a range of segments; nil: all of them are drawn.
        func gap(in range: Range<Int>) -> Gap? {
            guard let number = range.clamped(to: 0..<(count ?? .max)).first(where: { drawn[$0] == nil }) else {
                return nil
            }
            let last = drawn.keys.filter { $0 > number }.min() ?? .max
            let end = min(last, range.upperBound)
            return Gap(number: number, start: starts[number], end: end == .max ? nil : starts[end])
        }

        var isComplete: Bool { count.map { drawn.count == $0 } ?? false }
        var frames: Int { drawn.values.reduce(0) { $0 + $1.encoded.times.count } }
    }

    /// Opens the folder for a plan, and says what is there. What was drawn otherwise is removed.
    ///
    /// - Parameter isWorker: the folder is another program's: it must be there, and is left alone.
    /// - Throws: `.cannotCreate` where the folder cannot be made or written into, `.data` where a worker finds another plan.
    func open(_ plan: RenderPlan, isWorker: Bool) throws -> Contents {
        if let old = read(RenderPlan.self, planFile), try old.draws(like: plan) {
            if !isWorker {
                removeUnfinished()
                // Paths and cores may be others than they were, and workers are told what the plan says.
                try? write(plan, to: planFile)
            }
            return contents(verifies: !isWorker)
        }
        guard !isWorker else {
            throw SakugaError(
                .data, "what is to be drawn for '\(url.path)' is not what was planned",
                hint: "input, preset and this program must be the same on all machines")
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            // Not the folder itself: its lock is held.
            for name in try FileManager.default.contentsOfDirectory(atPath: url.path) where name != Self.lockName {
                try FileManager.default.removeItem(at: url.appendingPathComponent(name))
            }
            try write(plan, to: planFile)
        } catch {
            throw SakugaError(
                .cannotCreate, "cannot make the folder '\(url.path)': \(error.localizedDescription)",
                hint: "choose another place with -o")
        }
        return Contents()
    }

    /// Takes away what killed programs have left half written.
    private func removeUnfinished() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        where name.contains(".unfinished-") {
            try? FileManager.default.removeItem(at: url.appendingPathComponent(name))
        }
    }

    /// The plan that is in the folder.
    ///
    /// - Throws: `.noInput` where there is none that this program can read.
    func plan() throws(SakugaError) -> RenderPlan {
        guard let plan = read(RenderPlan.self, planFile), plan.version == RenderPlan.currentVersion else {
            throw SakugaError(.noInput, "there is no plan in '\(url.path)'", hint: "sakuga batch makes such folders")
        }
        return plan
    }

    private var planFile: URL { url.appendingPathComponent("plan.json") }
    private var segmentsFile: URL { url.appendingPathComponent("segments.json") }
    private static let lockName = "lock"

    func bytes(_ number: Int) -> URL { url.appendingPathComponent(String(format: "%05d.packets", number)) }

    /// Where the bytes of a segment go until they are whole. Two programs that draw the same one do not meet.
    func unfinished(_ number: Int) -> URL { Self.unfinished(bytes(number)) }

    private static func unfinished(_ file: URL) -> URL {
        file.appendingPathExtension(
            "unfinished-\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)")
    }

    private func description(_ number: Int) -> URL { url.appendingPathComponent(String(format: "%05d.json", number)) }

    /// A segment is drawn: it counts from now on.
    func complete(_ segment: RenderPlan.Segment, _ number: Int) throws {
        try FileManager.default.replace(bytes(number), with: unfinished(number))
        try write(segment, to: description(number))
    }

    /// All segments are known from now on.
    func write(_ segments: RenderPlan.Segments) throws { try write(segments, to: segmentsFile) }

    var segments: RenderPlan.Segments? { read(RenderPlan.Segments.self, segmentsFile) }

    /// The segments whose descriptions are there, without a look at their bytes.
    var drawnNumbers: Set<Int> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return Set(names.filter { $0.hasSuffix(".json") }.compactMap { Int($0.dropLast(".json".count)) })
    }

    private func contents(verifies: Bool) -> Contents {
        var contents = Contents()
        if let segments {
            contents.count = segments.starts.count
            for (number, start) in segments.starts.enumerated() { contents.starts[number] = start }
        }
        for number in drawnNumbers.sorted() {
            guard let segment = read(RenderPlan.Segment.self, description(number)), isWhole(segment, number, verifies),
                contents.starts[number] == nil ? number == 0 : contents.starts[number] == segment.start
            else { continue }
            contents.drawn[number] = segment
            if let next = segment.next { contents.starts[number + 1] = next } else { contents.count = number + 1 }
        }
        return contents
    }

    private func isWhole(_ segment: RenderPlan.Segment, _ number: Int, _ verifies: Bool) -> Bool {
        !verifies || (try? ContentHash.digest(of: bytes(number))) == segment.sha256
    }

    /// Takes away what was drawn; the lock stays, for whoever holds it.
    func removeContents() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [] where name != Self.lockName {
            try? FileManager.default.removeItem(at: url.appendingPathComponent(name))
        }
    }

    func remove() { try? FileManager.default.removeItem(at: url) }

    /// Keeps other programs from drawing the same film until the result is let go.
    ///
    /// - Throws: `.unavailable` where another one does so already, and does not end within seconds.
    func lock() throws -> FileLock {
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        // A worker whose server was killed lets go soon.
        return try FileLock(url.appendingPathComponent(Self.lockName), patience: 5) {
            SakugaError(.unavailable, "another sakuga is drawing into '\(url.path)'", hint: "wait for it, or stop it")
        }
    }

    private func read<Value: Decodable>(_ type: Value.Type, _ file: URL) -> Value? {
        (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(type, from: $0) }
    }

    private func write(_ value: some Encodable, to file: URL) throws {
        let fresh = Self.unfinished(file)
        try JSONEncoder.sorted.encode(value).write(to: fresh)
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
