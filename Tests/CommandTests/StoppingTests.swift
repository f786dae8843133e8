import Foundation
import Testing

@Suite(
    "Stopping", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films, ffprobe judges the parts"),
    .onOwnThreads, .timeLimit(.minutes(30)))
struct StoppingTests {
    /// Starts to draw the long film and waits until frames have been encoded.
    private func startDrawing(_ command: BuiltCommand, _ output: String) throws -> RunningCommand {
        let running = try command.start(
            ["stylize", Clip.long.url.path, "-o", output, "--progress", "json", "--smoothing", "off"])
        let isDrawing = running.waitForErrorOutput { text in
            text.split(separator: "\n").contains {
                $0.contains("\"event\":\"progress\"") && !$0.contains("\"frame\":0,")
            }
        }
        try #require(isDrawing, "\(running.errorOutput)")
        return running
    }

    @Test(
        "a signal in the middle leaves a playable part and nothing at the destination",
        arguments: [(SIGINT, "mkv"), (SIGTERM, "mp4"), (SIGINT, "mov"), (SIGINT, "webm")])
    func partial(signal: Int32, container: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let running = try startDrawing(command, "out.\(container)")
        running.send(signal)
        let result = try running.wait(timeout: 20)
        #expect(result.code == 130 && !result.wasKilled && result.output == "")
        #expect(try Refusal.files(in: command.home).keys.sorted() == ["out.partial.\(container)"])
        let part = command.file("out.partial.\(container)")
        let frames = try Tool.frameCount(part)
        #expect(frames > 0 && frames < 900)
        let said =
            "stopped after \(frames) frame\(frames == 1 ? "" : "s"); what is drawn is in 'out.partial.\(container)'"
        #expect(result.errorOutput.contains("\"message\":\"\(said)\""), "\(result.errorOutput)")
        let (video, audio) = (try Tool.end(of: "v", in: part), try Tool.end(of: "a", in: part))
        #expect(abs(video - Double(frames) / 30) < 0.05)
        #expect(audio > video - 0.2 && audio < video + 0.1, "sound to \(audio) s, picture to \(video) s")
        let check = try Tool.run("ffmpeg", ["-v", "error", "-i", part.path, "-f", "null", "-"])
        #expect(check.code == 0 && check.errorOutput == "")
    }

    @Test("a part that is there already is kept")
    func secondPartial() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try Data("precious".utf8).write(to: command.file("out.partial.mkv"))
        let running = try startDrawing(command, "out.mkv")
        running.send(SIGINT)
        #expect(try running.wait(timeout: 20).code == 130)
        #expect(try Refusal.files(in: command.home).keys.sorted() == ["out.partial-2.mkv", "out.partial.mkv"])
        #expect(try Data(contentsOf: command.file("out.partial.mkv")) == Data("precious".utf8))
    }

    @Test("two signals quit at once and leave nothing")
    func twice() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let running = try startDrawing(command, "out.mkv")
        // The first waits for the pictures in hand: the second comes before they are done.
        running.send(SIGINT)
        running.send(SIGTERM)
        let result = try running.wait(timeout: 5)
        #expect(result.code == 130)
        #expect(!FileManager.default.fileExists(atPath: command.file("out.mkv").path))
        #expect(try !Refusal.files(in: command.home).keys.contains { $0.contains("unfinished") })
    }

    @Test("a signal while the input is being opened ends the program and leaves nothing")
    func beforeTheFirstFrame() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        // Standard input that never says anything.
        let pipe = Pipe()
        let running = try command.start(["stylize", "-", "-o", "out.mkv"], input: pipe.fileHandleForReading)
        usleep(700_000)
        running.send(SIGINT)
        let result = try running.wait(timeout: 5)
        #expect(result.code == 130 || (result.wasKilled && result.code == SIGINT))
        #expect(["", "error: stopped before the first frame\n"].contains(result.errorOutput))
        #expect(try Refusal.files(in: command.home).isEmpty)
        try pipe.fileHandleForWriting.close()
    }

    @Test("a signal while more input is awaited ends the program with a part")
    func whileWaiting() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let pipe = Pipe()
        let running = try command.start(
            ["stylize", "-", "-o", "out.mkv", "--progress", "json", "--smoothing", "off"],
            input: pipe.fileHandleForReading)
        try? pipe.fileHandleForReading.close()
        let bytes = try Clip.long.bytes
        // Written by another thread: the program stops reading when its queues are full.
        let writer = pipe.fileHandleForWriting
        let thread = Thread { try? writer.write(contentsOf: bytes.prefix(bytes.count / 8)) }
        thread.start()
        let hasFrames = running.waitForErrorOutput { text in
            text.split(separator: "\n").contains {
                $0.contains("\"event\":\"progress\"") && !$0.contains("\"frame\":0,")
            }
        }
        #expect(hasFrames, "\(running.errorOutput)")
        while !thread.isFinished { usleep(5_000) }
        usleep(300_000)
        running.send(SIGINT)
        #expect(try running.wait(timeout: 10).code == 130)
        #expect(try Refusal.files(in: command.home).keys.sorted() == ["out.partial.mkv"])
        #expect(try Tool.frameCount(command.file("out.partial.mkv")) > 0)
        try writer.close()
    }

    @Test("at whatever moment the signal comes, there is a part or nothing", arguments: [20, 60, 120, 200, 300, 450])
    func anyMoment(milliseconds: UInt32) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let running = try command.start(["stylize", Clip.long.url.path, "-o", "out.mkv", "--progress", "none"])
        usleep(milliseconds * 1_000)
        running.send(SIGINT)
        let result = try running.wait(timeout: 20)
        #expect(result.code == 130 || (result.wasKilled && result.code == SIGINT), "\(result)")
        let files = try Refusal.files(in: command.home).keys.sorted()
        #expect(files == [] || files == ["out.partial.mkv"])
        if !files.isEmpty { #expect(try Tool.frameCount(command.file("out.partial.mkv")) > 0) }
    }

    @Test("a program that is killed leaves nothing at the destination")
    func killed() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let running = try startDrawing(command, "out.mkv")
        running.send(SIGKILL)
        #expect(try running.wait(timeout: 5).wasKilled)
        #expect(!FileManager.default.fileExists(atPath: command.file("out.mkv").path))
    }

    @Test("a benchmark that is stopped takes its folder with it")
    func benchmark() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try FileManager.default.createDirectory(at: command.file("tmp"), withIntermediateDirectories: true)
        let running = try command.start(
            ["bench", Clip.film.url.path, "--rounds", "100"], environment: ["TMPDIR": command.file("tmp").path])
        #expect(running.waitForErrorOutput { $0.contains(": warming up\n") })
        #expect(try Refusal.files(in: command.file("tmp")).keys.contains { $0.hasPrefix("sakuga-bench-") })
        running.send(SIGINT)
        let result = try running.wait(timeout: 5)
        #expect(result.code == 130 && !result.wasKilled && result.output == "")
        #expect(try Refusal.files(in: command.file("tmp")).isEmpty)
    }

    @Test("the rest of several inputs is not begun after a signal")
    func severalInputs() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try Clip.film.copy(to: command.file("b.mkv"))
        let running = try command.start(
            ["stylize", Clip.long.url.path, "b.mkv", "-o", "drawn/", "--progress", "json", "--smoothing", "off"])
        #expect(running.waitForErrorOutput { $0.contains("\"event\":\"progress\"") })
        running.send(SIGINT)
        #expect(try running.wait(timeout: 20).code == 130)
        #expect(!FileManager.default.fileExists(atPath: command.file("drawn/b.mkv").path))
    }

    @Test("an output that nobody reads any more ends the run")
    func closedOutput() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        mkfifo(command.file("out.mkv").path, 0o600)
        let path = command.file("out.mkv").path
        // Reads a little, then goes away.
        Thread {
            guard let file = fopen(path, "r") else { return }
            _ = fgetc(file)
            fclose(file)
        }.start()
        // Matroska hands on five seconds of film at a time: on a busy machine the first takes a while to draw.
        let result = try command.run(
            ["stylize", Clip.long.url.path, "-o", "out.mkv", "--progress", "none", "--smoothing", "off"], timeout: 60)
        #expect(result.code == 74, "\(result.errorOutput)")
        #expect(result.errorOutput.hasPrefix("error: cannot write 'out.mkv': broken pipe ("))
    }
}
