package import Foundation

/// Runs FFmpeg's own command line programs: makers of test media and independent witnesses of results.
package enum MediaTool {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs `program` with `arguments` and returns its standard output.
    @discardableResult
    package static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                description:
                    "\(program) \(arguments.joined(separator: " ")): \(String(decoding: complaint, as: UTF8.self))")
        }
        return String(decoding: said, as: UTF8.self)
    }

    /// Makes a file with `ffmpeg`: the arguments of one command line, without program and output.
    package static func make(_ file: URL, _ arguments: String...) throws {
        try run(
            "ffmpeg",
            ["-v", "error", "-y"] + arguments.flatMap { $0.split(separator: " ").map(String.init) } + [file.path])
    }

    /// Hashes of every decoded frame of the first video stream, in presentation order.
    package static func frameHashes(_ file: URL) throws -> [String] {
        try run("ffmpeg", ["-v", "error", "-i", file.path, "-map", "0:v:0", "-f", "framemd5", "-"])
            .split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: ",").last.map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    /// The hash of a stream's packets, as they are or decoded.
    package static func streamHash(_ file: URL, _ stream: String, decoded: Bool = false) throws -> String {
        try run(
            "ffmpeg",
            ["-v", "error", "-i", file.path, "-map", "0:\(stream)"] + (decoded ? [] : ["-c", "copy"])
                + ["-f", "md5", "-"])
    }

    /// The lines that `ffprobe -show_entries ENTRIES -of csv=p=0` prints.
    ///
    /// - Parameter count: frames are decoded and counted, for `nb_read_frames`.
    package static func probe(
        _ file: URL, _ entries: String, streams: String? = nil, count: Bool = false
    ) throws -> [String] {
        try run(
            "ffprobe",
            ["-v", "error"] + (count ? ["-count_frames"] : []) + (streams.map { ["-select_streams", $0] } ?? [])
                + ["-show_entries", entries, "-of", "csv=p=0", file.path]
        ).split(separator: "\n").map(String.init)
    }
}

/// A folder that is gone when the test is over.
package final class TemporaryFolder {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    package func file(_ name: String) -> URL { url.appendingPathComponent(name) }
    package var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: url.path).sorted()) ?? [] }
}
