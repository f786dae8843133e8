import Foundation
import Testing

@Suite(
    "Standard streams", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct StandardStreamsTests {
    @Test("--progress json gives one object a line, with the fields that programs rely on")
    func json() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run("stylize", Clip.film.url.path, "-o", "out.mkv", "--progress", "json")
        #expect(result.code == 0 && result.output == "")
        let events = try result.errorOutput.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
        let start = try #require(events.first { $0["event"] as? String == "start" })
        #expect(start["output"] as? String == "out.mkv" && start["preset"] as? String == "anime")
        #expect(start["width"] as? Int == 64 && start["height"] as? Int == 48)
        let progress = try #require(events.last { $0["event"] as? String == "progress" })
        #expect(progress["frame"] as? Int == 20)
        for field in ["fps", "speed"] { #expect(progress[field] is NSNumber, "\(field)") }
        #expect(Set(progress.keys).isSuperset(of: ["frame", "frames", "fps", "speed", "eta_s", "stage_ms"]))
        let stages = try #require(progress["stage_ms"] as? [String: Any])
        #expect(Set(stages.keys).isSuperset(of: ["decode", "generate", "smooth", "encode"]))
        let done = try #require(events.last)
        #expect(done["event"] as? String == "done" && done["frames"] as? Int == 20)
        #expect(done["output"] as? String == "out.mkv" && done["seconds"] is NSNumber && done["fps"] is NSNumber)
    }

    @Test("a warning about damage is an event too")
    func jsonWarning() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let bytes = try Clip.film.bytes
        try bytes.prefix(bytes.count / 2).write(to: command.file("in.mkv"))
        let result = try command.run("stylize", "in.mkv", "-o", "out.mkv", "--progress", "json")
        #expect(result.code == 0)
        #expect(result.errorOutput.contains("{\"event\":\"warning\",\"message\":\"the input is damaged from "))
    }

    @Test("where nobody watches, progress is plain lines; with none there is nothing")
    func plain() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let plain = try command.run("stylize", Clip.film.url.path, "-o", "out.mkv")
        #expect(plain.code == 0 && plain.output == "")
        #expect(!plain.errorOutput.contains("\r") && !plain.errorOutput.contains("\u{1B}"))
        let lines = plain.errorOutput.split(separator: "\n").map(String.init)
        #expect(lines.first == "\(Clip.film.url.path) → out.mkv (64×48, anime)")
        #expect(Refusal.matches(lines.last ?? "", "out.mkv: 20 frames in … s (… fps)"))
        let none = try command.run("stylize", Clip.film.url.path, "-o", "none.mkv", "--progress", "none")
        #expect(none.code == 0 && none.output == "" && none.errorOutput == "")
    }

    @Test("-o - writes a film to standard output, and - reads one from standard input")
    func pipes() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let input = try FileHandle(forReadingFrom: Clip.film.url)
        let result = try command.run(["stylize", "-", "-o", "-"], input: input)
        #expect(result.code == 0, "\(result.errorOutput)")
        try result.outputBytes.write(to: command.file("received.mkv"))
        #expect(try Tool.frameCount(command.file("received.mkv")) == 20)
        #expect(try Tool.end(of: "a", in: command.file("received.mkv")) > 1.9)
        let probe = try Tool.run(
            "ffprobe",
            ["-v", "error", "-show_entries", "format=format_name", "-of", "csv=p=0", command.file("received.mkv").path])
        #expect(probe.output.contains("matroska"))
    }

    @Test("standard input that is a file is read like one: its index may stand at the end, and parts can be sought")
    func fileAsStandardInput() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        for (output, part) in [("whole.mkv", []), ("part.mkv", ["--start", "1"])] {
            let input = try FileHandle(forReadingFrom: Clip.filmMP4LateIndex.url)
            let result = try command.run(["stylize", "-", "-o", output] + part, input: input)
            #expect(result.code == 0, "\(result.errorOutput)")
            #expect(try Tool.frameCount(command.file(output)) == (part.isEmpty ? 20 : 10))
        }
        // Where the program before has read some of it, the film begins there.
        try (Data("a line\n".utf8) + Clip.filmMP4LateIndex.bytes).write(to: command.file("prefixed"))
        let input = try FileHandle(forReadingFrom: command.file("prefixed"))
        try input.seek(toOffset: 7)
        let result = try command.run(["stylize", "-", "-o", "behind.mkv"], input: input)
        #expect(result.code == 0, "\(result.errorOutput)")
        #expect(try Tool.frameCount(command.file("behind.mkv")) == 20)
    }

    @Test("a full pipe or disk behind standard output is an error, not a crash")
    func fullStandardOutput() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let path = Clip.film.url.path
        let result = try Tool.run(
            "sh",
            [
                "-c",
                "HOME='\(command.home.path)' '\(BuiltCommand.executable.path)' stylize '\(path)' -o - --progress none >/dev/full",
            ])
        #expect(result.code == 74)
        #expect(result.errorOutput.hasPrefix("error: cannot write '-': no space left on device ("))
    }
}
