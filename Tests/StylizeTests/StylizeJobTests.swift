import Foundation
import Frames
import Media
import Pipeline
import Stylize
import Support
import Testing

@Suite("a stylize job")
struct StylizeJobTests {
    let folder: TemporaryFolder
    let input: URL

    init() throws {
        folder = try TemporaryFolder()
        input = folder.file("in.mkv")
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=size=64x48:rate=25:duration=1,gblur=sigma=5", "-f lavfi -i sine=duration=1",
            "-c:v libx264 -bf 3 -c:a aac -shortest")
    }

    private func request(_ output: String) -> StylizeRequest {
        var request = StylizeRequest(input: input.path, output: output, preset: "cel")
        request.outputOptions.encoder.name = "ffv1"
        request.strength = 1
        return request
    }

    @Test("draws every frame once, in order and in its own time, and keeps the sound")
    func drawsEveryFrame() throws {
        let output = folder.file("out.mkv")
        let job = try StylizeJob(request(output.path), generator: FakeGenerator())
        let summary = try job.run(tracker: ProgressTracker(frames: nil))
        #expect(summary.frames == 25)
        let times = try MediaTool.probe(output, "packet=pts_time", streams: "v")
        #expect(try times == MediaTool.probe(input, "packet=pts_time", streams: "v").sorted())
        let inverted = folder.file("inverted.mkv")
        try MediaTool.make(
            inverted,
            "-i \(input.path) -vf scale=flags=bicubic+accurate_rnd+full_chroma_int,format=bgr0,negate -c:v ffv1 -an")
        let psnr = try MediaTool.run(
            "ffmpeg",
            [
                "-v", "error", "-i", output.path, "-i", inverted.path, "-lavfi", "[0][1]psnr=stats_file=-", "-f",
                "null", "-",
            ])
        #expect(psnr.split(separator: "\n").count == 25)
        for line in psnr.split(separator: "\n") {
            let average = line.split(separator: " ").first { $0.hasPrefix("psnr_avg:") }!.dropFirst("psnr_avg:".count)
            #expect(average == "inf" || Double(average)! > 35, "frame differs from FFmpeg's own inversion: \(line)")
        }
        let sound = try MediaTool.run(
            "ffmpeg", ["-v", "error", "-i", input.path, "-map", "0:a", "-c", "copy", "-f", "md5", "-"])
        #expect(
            try sound
                == MediaTool.run(
                    "ffmpeg", ["-v", "error", "-i", output.path, "-map", "0:a", "-c", "copy", "-f", "md5", "-"]))
    }

    @Test("leaves nothing behind when a stage fails, and reports that stage's error")
    func failingGenerator() throws {
        let output = folder.file("out.mkv")
        let job = try StylizeJob(request(output.path), generator: FakeGenerator(failsWhenRedIs: 0))
        #expect(throws: SakugaError(.software, "the fake generator fails here")) {
            try job.run(tracker: ProgressTracker(frames: nil))
        }
        #expect(folder.names == ["in.mkv"])
    }

    @Test("makes a playable partial file when it is stopped")
    func stopped() throws {
        let output = folder.file("out.mkv")
        let job = try StylizeJob(request(output.path), generator: FakeGenerator())
        job.stop()
        let summary = try job.run(tracker: ProgressTracker(frames: nil))
        #expect(summary.wasStopped)
        #expect(!FileManager.default.fileExists(atPath: output.path))
        #expect(folder.names.filter { $0.contains("unfinished") }.isEmpty)
    }

    @Test("refuses to replace a file, and the input itself even with leave to overwrite")
    func refusesToReplace() throws {
        let output = folder.file("there.mkv")
        try Data("x".utf8).write(to: output)
        #expect(throws: SakugaError.self) { try StylizeJob(request(output.path), generator: FakeGenerator()) }
        var same = request(input.path)
        same.overwrites = true
        #expect(throws: SakugaError.self) { try StylizeJob(same, generator: FakeGenerator()) }
        #expect(try Data(contentsOf: output) == Data("x".utf8))
    }
}
