import Foundation
import Synchronization

/// Small films and pictures, made once with the ffmpeg program and kept from one run of the tests to the next.
struct Clip {
    /// Where it is; never written to.
    let url: URL

    /// 64×48, 20 frames at 10 frames/s, with sound and a key frame every 5 frames.
    static let film = Clip("film.mkv", source + codecs)
    static let filmMP4 = Clip("film.mp4", source + codecs + ["-movflags", "+faststart"])
    /// Its index stands at the end, far beyond what a reader of pipes keeps: 20 frames.
    static let filmMP4LateIndex = Clip(
        "late.mp4",
        ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=2", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "1"]
            + ["-pix_fmt", "yuv420p"])
    static let filmAVI = Clip("film.avi", source + ["-c:v", "mpeg4", "-g", "5", "-c:a", "mp2"])
    static let filmTS = Clip("film.ts", source + codecs)
    /// Nothing to see.
    static let sound = Clip("sound.m4a", ["-f", "lavfi", "-i", "sine=f=440:d=1", "-c:a", "aac"])
    static let picture = Clip("picture.png", ["-f", "lavfi", "-i", "testsrc2=s=64x48", "-frames:v", "1"])
    static let photo = Clip("photo.jpg", ["-f", "lavfi", "-i", "mandelbrot=s=80x64", "-frames:v", "1"])
    static let tiny = Clip("tiny.mkv", ["-f", "lavfi", "-i", "testsrc2=s=8x8:r=10:d=1", "-c:v", "ffv1"])
    /// Long enough to be interrupted: 320×240, 900 frames, with sound.
    static let long = Clip(
        "long.mkv",
        ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=30:d=30", "-f", "lavfi", "-i", "sine=f=440:d=30"]
            + ["-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac"])

    /// Large enough for pictures to be most of the memory: 1280×720, 180 frames, with sound.
    static let large = Clip(
        "large.mp4",
        ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=6", "-f", "lavfi", "-i", "sine=f=440:d=6"]
            + ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"])

    /// Three scenes with a cut between them, the second longer than the longest segment: 112×64, 400 frames, B frames that
    /// reach over key frames, and sound.
    static let scenes = Clip(
        "scenes.mp4",
        [
            "-f", "lavfi", "-i", "testsrc2=s=112x64:r=25:d=3", "-f", "lavfi", "-i",
            "mandelbrot=s=112x64:r=25,trim=duration=11",
        ]
            + ["-f", "lavfi", "-i", "testsrc2=s=112x64:r=25:d=2,negate", "-f", "lavfi", "-i", "sine=f=440:d=16"]
            + ["-filter_complex", "[0][1][2]concat=n=3[v]", "-map", "[v]", "-map", "3", "-c:v", "libx264"]
            + ["-x264-params", "open-gop=1:bframes=3:keyint=60", "-pix_fmt", "yuv420p", "-c:a", "aac"])

    private static let source = [
        "-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=2", "-f", "lavfi", "-i", "sine=f=440:d=2",
    ]
    private static let codecs = [
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-pix_fmt", "yuv420p", "-c:a", "aac",
    ]

    /// The file's bytes.
    var bytes: Data { get throws { try Data(contentsOf: url) } }

    func copy(to destination: URL) throws { try FileManager.default.copyItem(at: url, to: destination) }

    /// Whether the programs that make and judge films are there.
    static let hasFFmpeg = ["ffmpeg", "ffprobe"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    private init(_ name: String, _ arguments: [String]) {
        // The recipe is part of the name: another recipe makes another file.
        var recipe = UInt64(14_695_981_039_346_656_037)
        for byte in arguments.joined(separator: " ").utf8 { recipe = (recipe ^ UInt64(byte)) &* 1_099_511_628_211 }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sakuga-test-clips/\(String(recipe, radix: 36))")
        url = folder.appendingPathComponent(name)
        guard !FileManager.default.fileExists(atPath: url.path) else { return }
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let unfinished = folder.appendingPathComponent("\(UUID().uuidString)-\(name)")
        let result = try? Tool.run("ffmpeg", ["-v", "error", "-y"] + arguments + [unfinished.path])
        precondition(result?.code == 0, "ffmpeg cannot make \(name): \(result?.errorOutput ?? "it cannot be started")")
        rename(unfinished.path, url.path)
    }
}

/// Programs that are not under test: ffmpeg, ffprobe, mount.
enum Tool {
    struct Result {
        var code: Int32
        var output: String
        var errorOutput: String
    }

    static func run(_ name: String, _ arguments: [String]) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        // Drained beside each other: a full pipe would stop the program.
        let collected = Mutex(Data())
        let drained = DispatchGroup()
        let handle = errors.fileHandleForReading
        try process.run()
        DispatchQueue.global().async(group: drained) {
            let data = handle.readDataToEndOfFile()
            collected.withLock { $0 = data }
        }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        drained.wait()
        return Result(
            code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errorOutput: String(decoding: collected.withLock { $0 }, as: UTF8.self))
    }

    /// Pictures in a film that can be decoded.
    static func frameCount(_ file: URL) throws -> Int {
        let result = try run(
            "ffprobe",
            ["-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames"]
                + ["-of", "csv=p=0", file.path])
        return Int(result.output.split(whereSeparator: { $0.isNewline || $0 == "," }).first ?? "") ?? 0
    }

    /// Time and hash of every decoded frame of a stream.
    static func frames(_ file: URL, stream: String = "0:v") throws -> [String] {
        try run("ffmpeg", ["-v", "error", "-i", file.path, "-map", stream, "-f", "framemd5", "-"]).output
            .split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }

    /// The last end of a packet of a kind of stream (`v`, `a`), in seconds.
    static func end(of kind: String, in file: URL) throws -> Double {
        let result = try run(
            "ffprobe",
            ["-v", "error", "-select_streams", "\(kind):0", "-show_entries", "packet=pts_time,duration_time"]
                + ["-of", "csv=p=0", file.path])
        let ends = result.output.split(whereSeparator: \.isNewline).compactMap { line -> Double? in
            let parts = line.split(separator: ",").compactMap { Double($0) }
            return parts.first.map { $0 + (parts.count > 1 ? parts[1] : 0) }
        }
        return ends.max() ?? 0
    }
}
