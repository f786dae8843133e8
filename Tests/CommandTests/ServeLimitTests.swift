import Foundation
import Support
import Testing

/// What `sakuga serve` does not take, and what it does not keep.
@Suite(
    "Server's limits", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct ServeLimitTests {
    private func post(_ service: Service, _ clip: Clip, _ options: String...) throws -> Service.Answer {
        let said = try MediaTool.run(
            "curl",
            ["-s", "-X", "POST", "-w", "\n%{http_code}", "--data-binary", "@\(clip.url.path)"] + options
                + [service.address("/api/jobs?filename=a.mp4")])
        let lines = said.split(separator: "\n")
        return Service.Answer(code: Int(lines.last ?? "") ?? 0, body: String(lines.first ?? ""))
    }

    @Test("an upload that is too large, or for which there is no room, is refused and leaves nothing")
    func room() throws {
        let large = ["", "-H", "Transfer-Encoding: chunked"]
        for (options, code) in [
            (["--largest-upload", "1"], 413), (["--quota", "1"], 507), (["--free-disk", "99999999"], 507),
        ] {
            let service = try Service(options)
            let answer = try post(service, .large)
            #expect(answer.code == code && (answer.json["error"] as? String)?.isEmpty == false, "\(options): \(answer)")
            // Whoever does not say how much comes is stopped on the way.
            let chunked = try post(service, .large, large[1], large[2])
            #expect(chunked.code == code, "\(options): \(chunked)")
            #expect(try service.ask("/api/jobs").json["total"] as? Int == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: service.command.file("data/jobs").path) == [])
            #expect(try service.end().code == 0)
        }
    }

    @Test("a film that is too long, too large, or takes too long fails with the reason")
    func films() throws {
        for (options, words) in [
            (["--longest-video", "0.1"], "longer than this server draws"),
            (["--largest-picture", "160x120"], "larger than this server draws"),
            (["--time-limit", "0.01"], "took longer"),
        ] {
            let service = try Service(options)
            let job = try service.wait(service.send(Clip.long.url, "filename=long.mkv"))
            #expect(job["state"] as? String == "failed")
            #expect((job["error"] as? String)?.contains(words) == true, "\(job)")
            #expect(job["attempts"] as? Int == 1)
            #expect(try service.end().code == 0)
        }
    }

    @Test("of a film that is too long a part is drawn that is not")
    func parts() throws {
        let service = try Service(["--longest-video", "0.1"])
        let id = try service.send(Clip.long.url, "filename=long.mkv&start=10&end=11&hold=true")
        let frame = service.command.file("frame.jpg")
        #expect(try service.ask("/api/jobs/\(id)/preview?time=20", "-o", frame.path).code == 200)
        #expect(try service.ask("/api/jobs/\(id)/start", "-X", "POST").code == 200)
        let job = try service.wait(id)
        #expect(job["state"] as? String == "done" && job["frames"] as? Int == 30, "\(job)")
        for part in ["start=10", "end=7", "start=2&end=9", "end=1000"] {
            let job = try service.wait(service.send(Clip.long.url, "filename=long.mkv&\(part)"))
            #expect((job["error"] as? String)?.contains("longer than this server draws") == true, "\(part): \(job)")
        }
        #expect(
            try service.wait(service.send(Clip.long.url, "filename=long.mkv&start=28"))["state"] as? String == "done")
        #expect(try service.end().code == 0)
    }

    @Test("what is over is forgotten after a while, with its files")
    func expiry() throws {
        let service = try Service(["--keep", "0.000001"])
        let id = try service.send(Clip.filmMP4.url, "filename=a.mp4")
        _ = try service.wait(id)
        try service.crash()
        Thread.sleep(forTimeInterval: 0.2)
        try service.restart()
        for _ in 0..<50 where try service.ask("/api/jobs/\(id)").code != 404 { usleep(100_000) }
        #expect(try service.ask("/api/jobs/\(id)").code == 404)
        #expect(try FileManager.default.contentsOfDirectory(atPath: service.command.file("data/jobs").path) == [])
        #expect(try service.end().code == 0)
    }

    @Test("limits that make no sense are refused")
    func nonsense() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        for (name, value) in [
            ("--quota", "-1"), ("--keep", "-1"), ("--keep", "nan"), ("--time-limit", "-0.1"), ("--free-disk", "x"),
            ("--longest-video", "0"), ("--largest-picture", "0x0"), ("--quota", "99999999999999"),
            ("--largest-picture", "9999999999x9999999999"),
        ] {
            #expect(try command.run("serve", name, value).code == 64, "\(name) \(value)")
        }
    }
}
