import Foundation
import Testing

private let damaged = "the file may be damaged, still being written, or no media file"

/// Copies the film to `in.mkv`.
private let film: @Sendable (BuiltCommand) throws -> Void = { try Clip.film.copy(to: $0.file("in.mkv")) }

private func write(_ bytes: some Sequence<UInt8> & Sendable, to name: String) -> @Sendable (BuiltCommand) throws -> Void
{
    { try Data(bytes).write(to: $0.file(name)) }
}

@Suite(
    "Bad inputs", .enabled(if: Clip.hasFFmpeg, "ffmpeg and ffprobe make and judge the films"), .onOwnThreads,
    .timeLimit(.minutes(30)))
struct BadInputTests {
    static let refusals: [Refusal] = [
        Refusal(
            id: "missing", arguments: ["stylize", "in.mp4", "-o", "out.mp4"], code: 66,
            error: "cannot open 'in.mp4': no such file (avformat_open_input)", hint: "check the path"),
        Refusal(
            id: "missing, name of one letter", arguments: ["stylize", "x"], code: 66,
            error: "cannot open 'x': no such file (avformat_open_input)", hint: "check the path"),
        Refusal(
            id: "empty", arguments: ["stylize", "in.mp4", "-o", "out.mp4"], code: 65,
            error: "cannot read 'in.mp4' as video or picture: …", hint: damaged, prepare: write([], to: "in.mp4")),
        Refusal(
            id: "text named .mp4", arguments: ["stylize", "in.mp4", "-o", "out.mp4"], code: 65,
            error: "cannot read 'in.mp4' as video or picture: invalid data found when processing input (…)",
            hint: damaged, prepare: write("These are words, not pictures.\n".utf8, to: "in.mp4")),
        Refusal(
            id: "zeros", arguments: ["stylize", "in.mp4", "-o", "out.mp4"], code: 65,
            error: "cannot read 'in.mp4' as video or picture: invalid data found when processing input (…)",
            hint: damaged, prepare: write(repeatElement(0, count: 20_000), to: "in.mp4")),
        Refusal(
            id: "a nonsense length in the header, for which there is no memory",
            arguments: ["stylize", "in.mp4", "-o", "out.mp4"], code: 65,
            error: "cannot read 'in.mp4' as video or picture: cannot allocate memory (…)", hint: damaged,
            prepare: {
                var bytes = try Clip.filmMP4.bytes
                // Box type, version and flags, then the number of entries.
                let table = try #require(bytes.range(of: Data("stts".utf8)))
                bytes.replaceSubrange(
                    table.upperBound + 4..<table.upperBound + 8, with: [0x60, 0, 0, 1])
                try bytes.write(to: $0.file("in.mp4"))
            }),
        Refusal(
            id: "cut before the first picture", arguments: ["stylize", "in.mkv", "-o", "out.mkv"], code: 65,
            error: "…in.mkv'…", hint: "…",
            prepare: { try (Clip.film.bytes.prefix(700)).write(to: $0.file("in.mkv")) }),
        Refusal(
            id: "sound only", arguments: ["stylize", "in.m4a", "-o", "out.mp4"], code: 65,
            error: "'in.m4a' has no video stream, only audio", hint: "give a video or a picture",
            prepare: { try Clip.sound.copy(to: $0.file("in.m4a")) }),
        Refusal(
            id: "subtitles only", arguments: ["stylize", "in.srt", "-o", "out.mp4"], code: 65,
            error: "'in.srt' has no video stream, only subtitle", hint: "give a video or a picture",
            prepare: write("1\n00:00:00,000 --> 00:00:01,000\nhello\n".utf8, to: "in.srt")),
        Refusal(
            id: "empty standard input", arguments: ["stylize", "-", "-o", "out.mp4"], code: 65,
            error: "cannot read '-' as video or picture: …", hint: damaged),
        Refusal(
            id: "standard input without an output", arguments: ["stylize", "-"], code: 65,
            error: "cannot read '-' as video or picture: …", hint: damaged),
        Refusal(
            id: "unknown protocol", arguments: ["stylize", "nope://host/in.mp4", "-o", "out.mp4"], code: 66,
            error: "cannot open 'nope://host/in.mp4': protocol not found (avformat_open_input…)", hint: nil),
        Refusal(
            id: "nobody listens", arguments: ["stylize", "http://127.0.0.1:1/in.mp4", "-o", "out.mp4"], code: 66,
            error: "cannot open 'http://127.0.0.1:1/in.mp4': connection refused (avformat_open_input…)", hint: nil),
        Refusal(
            id: "playlist that points to nothing", arguments: ["stylize", "in.m3u8", "-o", "out.mp4"], code: 65,
            error: "cannot read 'in.m3u8' as video or picture: …", hint: damaged,
            prepare: write(
                "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nnothing.ts\n#EXT-X-ENDLIST\n".utf8, to: "in.m3u8")),
        Refusal(
            id: "numbered pictures that are not there", arguments: ["stylize", "frames/%04d.png", "-o", "out.mp4"],
            code: 66, error: "no file is named like 'frames/%04d.png'",
            hint: "check the folder and the number of digits"),
        Refusal(
            id: "pictures too small", arguments: ["stylize", "in.mkv", "-o", "out.mkv"], code: 64,
            error: "cannot draw pictures of 8×8 pixels, sides must be 16 to 8192",
            hint: "draw them larger with --size or --scale",
            prepare: { try Clip.tiny.copy(to: $0.file("in.mkv")) }),
        Refusal(
            id: "a folder without pictures", arguments: ["stylize", "letters", "-o", "drawn/"], code: 65,
            error: "there is no video or picture in the folder 'letters'",
            hint: "files are judged by their names, such as .mp4, .mkv, .png or .jpg",
            prepare: { command in
                try FileManager.default.createDirectory(
                    at: command.file("letters"), withIntermediateDirectories: true)
                try Data("Dear".utf8).write(to: command.file("letters/one.txt"))
            }),
    ]

    @Test("what cannot be drawn is refused in a sentence and leaves nothing", arguments: refusals)
    func refusal(_ wrong: Refusal) throws { try wrong.check() }

    @Test("an input that may not be read is said to be so")
    func unreadable() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try film(command)
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: command.file("in.mkv").path)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: command.home.path)
        guard let launcher = OtherUser.launcher else { return }
        try Refusal(
            id: "unreadable", arguments: ["stylize", "in.mkv", "-o", "out.mkv"], code: 66,
            error: "cannot open 'in.mkv': permission denied (avformat_open_input)",
            hint: "make the file readable for you"
        ).check(in: command, launcher: launcher)
    }

    @Test("a film whose index stands at its end cannot come through a pipe, and the hint says so")
    func lateIndex() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let pipe = Pipe()
        let bytes = try Clip.filmMP4LateIndex.bytes
        let writer = pipe.fileHandleForWriting
        Thread {
            try? writer.write(contentsOf: bytes)
            try? writer.close()
        }.start()
        let result = try command.run(["stylize", "-", "-o", "out.mp4"], input: pipe.fileHandleForReading, timeout: 20)
        #expect(result.code == 65)
        let hint = "an MP4 or MOV film whose index stands at its end cannot be read forwards only: give it as a file"
        #expect(result.errorOutput.hasSuffix("\nhint: \(hint)\n"), "\(result.errorOutput)")
        #expect(try Refusal.files(in: command.home).isEmpty)
    }

    @Test("a pipe that closes at once is refused, not waited for")
    func closedPipe() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        mkfifo(command.file("in.mp4").path, 0o600)
        let path = command.file("in.mp4").path
        // Opening a pipe waits for the reader, so another thread does it.
        Thread { if let file = fopen(path, "w") { fclose(file) } }.start()
        let result = try command.run(["stylize", "in.mp4", "-o", "out.mp4"], timeout: 20)
        #expect(result.code == 65)
        #expect(result.errorOutput.hasPrefix("error: cannot read 'in.mp4' as video or picture: "))
        #expect(!FileManager.default.fileExists(atPath: command.file("out.mp4").path))
    }

    // MARK: Damage that leaves something to draw

    struct Damage: Sendable, CustomTestStringConvertible {
        var clip: Clip
        /// What is left of the file, or the seed of the bits that are flipped.
        var share: Double = 1
        var seed: UInt64?
        var testDescription: String {
            clip.url.lastPathComponent
                + (seed.map { " with bits flipped, seed \($0)" } ?? " cut to \(Int(share * 100)) %")
        }
    }

    static let cuts: [Damage] = [Clip.film, .filmMP4, .filmAVI, .filmTS].flatMap { clip in
        [0.05, 0.2, 0.4, 0.6, 0.8, 0.97].map { Damage(clip: clip, share: $0) }
    }

    @Test("a truncated film is drawn as far as it decodes", arguments: cuts)
    func truncated(_ damage: Damage) throws {
        let bytes = try damage.clip.bytes
        let whole = try Tool.frameCount(damage.clip.url)
        let result = try draw(bytes.prefix(Int(Double(bytes.count) * damage.share)), of: damage.clip)
        guard let drawn = result.frames else { return }
        #expect(drawn <= whole)
        // A transport stream has no beginning and no end: what is missing there cannot be known.
        if whole - drawn > 6, damage.clip.url.pathExtension != "ts" {
            let warning = try #require(result.warning, "\(whole - drawn) of \(whole) frames are missing without a word")
            #expect(
                Refusal.matches(
                    warning, "warning: the input is damaged from … s on (…): \(drawn) frame… could be drawn"))
        }
    }

    static let flips: [Damage] = [Clip.film, .filmMP4, .filmTS].flatMap { clip in
        (1...4).map { Damage(clip: clip, seed: $0) }
    }

    @Test("a film with flipped bits is drawn or refused, and never crashes", arguments: flips)
    func flipped(_ damage: Damage) throws {
        var bytes = try damage.clip.bytes
        var state = try #require(damage.seed)
        for _ in 0..<max(4, bytes.count / 2_000) {
            // SplitMix64 (Steele, Lea and Flood 2014).
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            word ^= word >> 31
            bytes[Int(word % UInt64(bytes.count))] ^= 1 << UInt8(word >> 60 & 7)
        }
        _ = try draw(bytes, of: damage.clip)
    }

    /// Draws damaged bytes, and checks what holds however much of them decodes. `frames` is nil where nothing did.
    private func draw(_ bytes: Data, of clip: Clip) throws -> (frames: Int?, warning: String?) {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let name = "in.\(clip.url.pathExtension)"
        try bytes.write(to: command.file(name))
        let result = try command.run(
            ["stylize", name, "-o", "out.mkv", "--smoothing", "off", "--progress", "none"], timeout: 30)
        #expect(!result.wasKilled, "crashed with signal \(result.code)")
        #expect([0, 65].contains(result.code), "\(result.code): \(result.errorOutput)")
        #expect(result.output == "")
        guard result.code == 0 else {
            #expect(result.errorOutput.hasPrefix("error: "))
            #expect(try Refusal.files(in: command.home).keys.sorted() == [name], "\(result.errorOutput)")
            return (nil, nil)
        }
        #expect(try Refusal.files(in: command.home).keys.sorted() == [name, "out.mkv"])
        let warning = result.errorOutput.split(separator: "\n").first { $0.contains("is damaged") }
        let frames = try Tool.frameCount(command.file("out.mkv"))
        #expect(frames > 0, "exit code 0 without a picture")
        return (frames, warning.map(String.init))
    }
}

/// Somebody who may not do everything, as the superuser may.
enum OtherUser {
    /// What runs a program as such a user: nothing where the tests do not run as the superuser; nil where there is no way.
    static let launcher: [String]? = {
        guard getuid() == 0 else { return [] }
        let launcher = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let isAble = try? Tool.run("env", launcher + ["test", "-x", BuiltCommand.executable.path]).code == 0
        return isAble == true ? launcher : nil
    }()
}
