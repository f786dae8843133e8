import Foundation
import Support
import Testing

/// `sakuga live` with sources and outputs that exist on a machine without a camera.
@Suite("Live", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the sources"), .onOwnThreads, .timeLimit(.minutes(30)))
struct LiveCommandTests {
    private struct Figures: Decodable {
        struct Delay: Decodable { var median: Double, p95: Double }
        var captured: Int
        var delivered: Int
        var dropped: Int
        var delay: Delay
        var generator: Double
        var seconds: Double

        enum CodingKeys: String, CodingKey {
            case captured, delivered, dropped, seconds
            case delay = "delay_ms"
            case generator = "generator_ms"
        }
    }

    private static let pattern = ["--input-format", "lavfi", "--input", "testsrc2=size=160x120:rate=20"]

    @Test("a made-up source is recorded for as long as was asked, at its own pace, and the figures add up")
    func recording() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(
            ["live"] + Self.pattern + ["--duration", "3", "--stats", "json", "-o", "out.mkv"])
        #expect(result.code == 0, "\(result.errorOutput)")
        let figures = try JSONDecoder().decode(Figures.self, from: result.outputBytes)
        #expect((2.9...4).contains(figures.seconds))
        #expect((55...62).contains(figures.captured))
        #expect(figures.delivered + figures.dropped <= figures.captured)
        #expect(figures.delivered > 10)
        #expect(figures.delay.median <= figures.delay.p95)
        #expect(figures.generator > 0)
        let probe = try Probe(command.file("out.mkv"))
        #expect(probe.streams.map(\.codecName) == ["h264"])
        #expect(probe.packets?.count == figures.delivered)
    }

    @Test("a film at its own pace is recorded with its sound, which starts and ends with the picture")
    func sound() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(["live", "--input", Clip.film.url.path, "--realtime", "-o", "out.mkv"])
        #expect(result.code == 0, "\(result.errorOutput)")
        let probe = try Probe(command.file("out.mkv"))
        #expect(probe.streams.map(\.codecType).sorted() == ["audio", "video"])
        func times(_ kind: String) -> [Double] {
            let index = probe.streams.first { $0.codecType == kind }?.index
            return (probe.packets ?? []).filter { $0.streamIndex == index }.compactMap {
                $0.ptsTime.flatMap(Double.init)
            }
        }
        #expect(abs((times("video").first ?? 9) - (times("audio").first ?? 0)) < 0.1)
        #expect(abs((times("video").max() ?? 9) - (times("audio").max() ?? 0)) < 0.2)
    }

    @Test("the source's first key frame is not lost: colours are there from the first picture on")
    func firstPicture() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(
            [
                "live", "--input", Clip.long.url.path, "--realtime", "--duration", "2", "--strength", "0", "-o",
                "out.mkv",
            ])
        #expect(result.code == 0, "\(result.errorOutput)")
        let said = try MediaTool.run(
            "ffmpeg",
            ["-v", "error", "-i", command.file("out.mkv").path, "-an", "-vf"]
                + [
                    "signalstats,metadata=print:key=lavfi.signalstats.SATAVG:file=-", "-frames:v", "10", "-f", "null",
                    "-",
                ])
        let saturations = said.split(separator: "\n").compactMap { line in
            line.split(separator: "=").last.flatMap { line.contains("SATAVG") ? Double($0) : nil }
        }
        #expect(saturations.count >= 3)
        #expect((saturations.min() ?? 0) > 30, "\(saturations)")
    }

    @Test("an output that takes nothing does not keep the recording beside it from going on")
    func stuckOutput() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let pipe = command.file("stuck").path
        #expect(mkfifo(pipe, 0o600) == 0)
        // Open, so that writing begins, but never read.
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let result = try command.run(
            ["live"] + Self.pattern + ["--duration", "3", "--stats", "json", "-o", "out.mkv", "-o", pipe]
                + ["--container", "matroska", "--crf", "0"])
        #expect(result.code == 0, "\(result.errorOutput)")
        let figures = try JSONDecoder().decode(Figures.self, from: result.outputBytes)
        let probe = try Probe(command.file("out.mkv"))
        #expect(probe.packets?.count == figures.delivered)
        #expect(figures.delivered > 10)
    }

    @Test("Ctrl-C ends a run like its own end: the recording is whole, the exit code 0")
    func interrupt() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let running = try command.start(["live"] + Self.pattern + ["-o", "out.mp4"])
        // A busy machine needs a while until there is something to end.
        for _ in 0..<600 {
            let files = try FileManager.default.contentsOfDirectory(atPath: command.home.path)
            if files.contains(where: { $0.contains("unfinished") }) { break }
            Thread.sleep(forTimeInterval: 0.1)
        }
        Thread.sleep(forTimeInterval: 3)
        kill(running.processID, SIGINT)
        let result = try running.wait(timeout: 60)
        #expect(result.code == 0, "\(result.errorOutput)")
        #expect(try Probe(command.file("out.mp4")).packets?.isEmpty == false)
        let files = try FileManager.default.contentsOfDirectory(atPath: command.home.path)
        #expect(files.filter { $0.contains("unfinished") } == [])
    }

    @Test(
        "what cannot be gets a sentence and the right code",
        arguments: [
            (["--input", "missing.mp4", "-o", "out.mkv"], 66, "cannot open 'missing.mp4'"),
            (["--input", "missing.mp4"], 66, "cannot open 'missing.mp4'"),
            (pattern, 69, "cannot open a preview window"),
            (["--camera", "/dev/video77", "-o", "out.mkv"], 66, "cannot open '/dev/video77'"),
            (["--camera", "0", "--input", "x.mp4", "-o", "out.mkv"], 64, "give --camera or --input"),
            (pattern + ["-o", "gopher://somewhere"], 64, "no live protocol is called 'gopher'"),
            (pattern + ["-o", "out.mkv", "--virtual-camera", "nine"], 64, "'nine' is no video device"),
            (pattern + ["-o", "no/folder/out.mkv"], 73, "no/folder"),
            (pattern + ["-o", "-", "--stats", "json"], 64, "give --stats or -o -"),
        ] as [([String], Int32, String)])
    func refusals(arguments: [String], code: Int32, sentence: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(["live", "--duration", "2"] + arguments)
        #expect(result.code == code, "\(result.errorOutput)")
        #expect(result.errorOutput.contains(sentence), "\(result.errorOutput)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: command.home.path).filter { $0.hasPrefix("out") } == [])
    }
}
