import Foundation
import Support
import Testing

/// What `sakuga serve` shows of films before and after they are drawn; ffmpeg and ffprobe judge it.
@Suite(
    "Pictures of the server", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads,
    .timeLimit(.minutes(30)))
struct ServePictureTests {
    /// What the server answers, as a file.
    private func fetch(_ service: Service, _ path: String, _ name: String, code: Int = 200) throws -> URL {
        let file = service.command.file(name)
        let answer = try service.ask(path, "-o", file.path)
        #expect(
            answer.code == code, "\(path): \(answer.code) \((try? String(contentsOf: file, encoding: .utf8)) ?? "")")
        return file
    }

    /// How alike a picture and a film's frame at `time` are, in dB; infinite for equal ones.
    private func likeness(of picture: URL, to film: URL, at time: Double) throws -> Double {
        let said = try MediaTool.run(
            "ffmpeg",
            ["-v", "error", "-i", picture.path, "-ss", "\(time)", "-i", film.path, "-frames:v", "1"]
                + ["-lavfi", "[0:v]format=rgb24[a];[1:v]format=rgb24[b];[a][b]psnr=stats_file=-", "-f", "null", "-"])
        let value = said.split(separator: " ").first { $0.hasPrefix("psnr_avg:") }?.dropFirst(9)
        return value.flatMap { Double($0) } ?? 0
    }

    @Test("a preview that would take long is drawn smaller, in the film's shape")
    func largePreviews() throws {
        let service = try Service()
        // The preset, the picture as it is stored and as it is looked at, and the widths that its preview may have.
        let cases: [(preset: String, size: String, aspect: String, looked: (Int, Int), widths: ClosedRange<Int>)] = [
            ("cel", "1920x1080", "1", (1920, 1080), 1280...1800),
            ("painted:studio", "1920x1080", "4/3", (2560, 1080), 800...1200),
            ("painted:studio", "1920x1080", "3/4", (1440, 1080), 480...720),
            ("cel", "720x576", "64/45", (1024, 576), 1024...1024),
            ("cel&scale=0.25", "640x360", "1", (640, 360), 640...640),
        ]
        for (preset, size, aspect, looked, widths) in cases {
            let film = service.command.file("picture.png")
            try MediaTool.run(
                "ffmpeg",
                ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=\(size)", "-frames:v", "1"]
                    + ["-vf", "setsar=\(aspect)", film.path])
            let id = try service.send(film, "filename=picture.png&hold=true")
            let drawn = try fetch(service, "/api/jobs/\(id)/preview?preset=\(preset)", "drawn.jpg")
            let stream = try Probe(drawn).streams[0]
            let (width, height) = (try #require(stream.width), try #require(stream.height))
            #expect(widths.contains(width), "\(size) is shown at \(width)x\(height)")
            #expect(abs(Double(width) / Double(height) * Double(looked.1) / Double(looked.0) - 1) < 0.01)
        }
        #expect(try service.end().code == 0)
    }

    @Test("a held film is looked at, frame by frame and drawn, and is drawn only when it is started")
    func previews() throws {
        let service = try Service()
        let film = Clip.filmMP4.url
        let id = try service.send(film, "filename=film.mp4&hold=true&smoothing=off")
        let job = "/api/jobs/\(id)"
        // One that came later is done while it waits.
        let other = try service.wait(service.send(film, "filename=b.mp4"))
        #expect(other["state"] as? String == "done")
        #expect(try service.ask(job).json["state"] as? String == "held")

        let original = try fetch(service, "\(job)/frame?time=1.2", "original.jpg")
        // Of all frames it is that one.
        let best = try [0.2, 1.0, 1.1, 1.2, 1.3, 1.9].map { ($0, try likeness(of: original, to: film, at: $0)) }
            .max { $0.1 < $1.1 }
        #expect(best?.0 == 1.2)
        let drawn = try fetch(service, "\(job)/preview?time=1.2", "drawn.jpg")
        let stream = try Probe(drawn).streams[0]
        #expect([stream.width, stream.height] == [64, 48])
        let untouched = try fetch(service, "\(job)/preview?time=1.2&strength=0", "untouched.jpg")
        #expect(try Data(contentsOf: untouched) == Data(contentsOf: original))
        #expect(try Data(contentsOf: drawn) != Data(contentsOf: original))
        let painted = try fetch(service, "\(job)/preview?time=1.2&preset=painted&strength=0.9", "painted.jpg")
        #expect(try Data(contentsOf: painted) != Data(contentsOf: drawn))
        // The end of the film stands for its last picture.
        let last = try fetch(service, "\(job)/frame?time=2.0", "last.jpg")
        #expect(try Data(contentsOf: last) == Data(contentsOf: fetch(service, "\(job)/frame?time=1.9", "before.jpg")))

        // Held is as safe as accepted.
        try service.crash()
        try service.restart()
        #expect(try service.ask(job).json["state"] as? String == "held")
        #expect(try service.ask("\(job)/start?preset=none", "-X", "POST").code == 400)
        let started = try service.ask("\(job)/start?preset=painted&strength=0.9", "-X", "POST").json
        #expect(started["state"] as? String == "queued")
        let done = try service.wait(id)
        #expect(done["state"] as? String == "done", "\(done)")
        let options = done["options"] as? [String: Any] ?? [:]
        #expect(options["preset"] as? String == "painted" && options["smoothing"] as? String == "off")
        #expect(options["strength"] as? Double == 0.9)
        #expect(try service.ask("\(job)/start", "-X", "POST").code == 400)
        // What was shown is what came of it: both have gone through a codec.
        let result = try fetch(service, "\(job)/result", "result.mp4")
        #expect(try likeness(of: painted, to: result, at: 1.2) > likeness(of: original, to: result, at: 1.2) + 1)
        #expect(try service.end().code == 0)
    }

    @Test("wrong questions about pictures get a sentence")
    func mistakes() throws {
        let service = try Service()
        let id = try service.send(Clip.filmMP4.url, "filename=my%20film.mp4&hold=true")
        let broken = service.command.file("broken.mp4")
        try "nonsense".write(to: broken, atomically: true, encoding: .utf8)
        let secret = service.command.file("secret.mp4")
        try Clip.filmMP4.copy(to: secret)
        let list = service.command.file("list.m3u8")
        try "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://\(secret.path)\n#EXT-X-ENDLIST\n".write(
            to: list, atomically: true, encoding: .utf8)
        let bad = try service.send(broken, "filename=broken.mp4&hold=true")
        let strange = try service.send(list, "filename=list.m3u8&hold=true")
        let refused: [(String, Int)] = [
            ("\(id)/preview?time=99", 400), ("\(id)/frame?time=-1", 400), ("\(id)/frame?time=nan", 400),
            ("\(id)/preview?time=now", 400), ("\(id)/preview?preset=../x", 400), ("\(id)/preview?strength=2", 400),
            ("\(id)/preview?model=x.onnx&scale=900", 400), ("\(id)/thumbnail?of=log", 400),
            ("\(id)/thumbnail?of=result", 404), ("\(id)/proxy?of=result", 404), ("\(id)x/preview", 404),
            ("\(bad)/preview", 400), ("\(bad)/thumbnail", 400), ("\(bad)/proxy", 400), ("\(strange)/preview", 400),
            ("\(strange)/frame", 400), ("\(strange)/thumbnail", 400),
        ]
        for (path, code) in refused {
            let answer = try service.ask("/api/jobs/\(path)")
            let sentence = answer.json["error"] as? String ?? ""
            #expect(answer.code == code, "\(path): \(answer.code)")
            #expect(sentence.count > 10 && !sentence.contains("/data/") && !sentence.contains("worker"), "\(sentence)")
        }
        let late = try service.ask("/api/jobs/\(id)/preview?time=99").json["error"] as? String ?? ""
        #expect(late.contains("my film.mp4") && late.contains("2.00 s"), "\(late)")
        #expect(try service.ask("/api/jobs?hold=perhaps", "-X", "POST", "-d", "x").code == 400)
        #expect(try service.ask("/api/jobs/\(id)", "-X", "DELETE").code == 204)
        #expect(try service.ask("/api/jobs/\(id)/thumbnail").code == 404)
        #expect(try service.end().code == 0)
    }

    @Test("films and results have small pictures, which are made once")
    func thumbnails() throws {
        let service = try Service()
        let id = try service.send(Clip.long.url, "filename=long.mkv&end=1&scale=2&preset=painted")
        let small = try fetch(service, "/api/jobs/\(id)/thumbnail", "small.jpg")
        let stream = try Probe(small).streams[0]
        #expect(stream.codecName == "mjpeg" && [stream.width, stream.height] == [320, 240])
        #expect(try likeness(of: small, to: Clip.long.url, at: 3) > 25)
        #expect(try service.wait(id)["state"] as? String == "done")
        let drawn = try fetch(service, "/api/jobs/\(id)/thumbnail?of=result", "drawn.jpg")
        #expect(try Probe(drawn).streams[0].width == 320)
        #expect(try Data(contentsOf: drawn) != Data(contentsOf: small))
        let kept = try FileManager.default.contentsOfDirectory(atPath: service.command.file("data/jobs/\(id)").path)
        #expect(Set(kept).isSuperset(of: ["input-thumbnail.jpg", "result-thumbnail.jpg", "input.mkv", "result"]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: service.command.file("data/scratch").path) == [])
        // A picture is its own thumbnail, and has no film.
        let photo = try service.send(Clip.photo.url, "filename=photo.jpg&hold=true")
        #expect(try Probe(fetch(service, "/api/jobs/\(photo)/thumbnail", "photo.jpg")).streams[0].width == 80)
        let facts = try service.ask("/api/jobs/\(photo)/media").json
        #expect(facts["is_still"] as? Bool == true && facts["duration"] == nil)
        #expect(try service.ask("/api/jobs/\(photo)/proxy").code == 400)
        #expect(try service.end().code == 0)
    }

    private func size(of folder: URL) throws -> Int {
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).map(folder.appendingPathComponent)
        return try files.map { file in
            let facts = try file.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
            return facts.isRegularFile == true ? facts.fileSize ?? 0 : 0
        }.reduce(0, +)
    }

    @Test("a small film for browsers is made only where there is room for it")
    func room() throws {
        let service = try Service(["--quota", "1"])
        let film = service.command.file("film.avi")
        // Less than a megabyte, and of a kind that takes more in another codec.
        try MediaTool.make(
            film,
            "-f lavfi -i testsrc2=s=640x360:r=25:d=6,noise=alls=20:allf=t -c:v mpeg4 -b:v 900k -maxrate 900k -bufsize 200k"
        )
        let id = try service.send(film, "filename=film.avi&hold=true")
        var answer = try service.ask("/api/jobs/\(id)/proxy")
        for _ in 0..<300 where answer.code == 202 {
            usleep(100_000)
            answer = try service.ask("/api/jobs/\(id)/proxy")
        }
        #expect(answer.code == 507 && (answer.json["error"] as? String)?.contains("no room") == true, "\(answer)")
        #expect(try size(of: service.command.file("data/jobs")) <= 1 << 20)
        #expect(try service.end().code == 0)
    }

    @Test("browsers get a film that they play, whatever was sent")
    func proxies() throws {
        let service = try Service()
        let deep = service.command.file("deep.mp4")
        try MediaTool.make(deep, "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v libx264 -pix_fmt yuv420p10le")
        let webM = service.command.file("web.webm")
        try MediaTool.make(webM, "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v libvpx-vp9 -deadline realtime")
        let large = service.command.file("large.mkv")
        try MediaTool.make(
            large, "-f lavfi -i testsrc2=s=1922x1080:r=10:d=1 -f lavfi -i sine=d=1:f=300 -c:v mpeg4 -c:a flac")
        let films: [(URL, String, Bool)] = [
            (Clip.filmMP4.url, "film.mp4", true), (webM, "web.webm", true), (Clip.film.url, "film.mkv", false),
            (Clip.filmAVI.url, "film.avi", false), (Clip.filmTS.url, "film.ts", false), (deep, "deep.mp4", false),
            (Clip.filmMP4.url, "film.bin", false), (large, "large.mkv", false),
        ]
        for (film, name, isPlayable) in films {
            let id = try service.send(film, "filename=\(name)&hold=true")
            #expect(try service.ask("/api/jobs/\(id)/media").json["is_playable"] as? Bool == isPlayable, "\(name)")
            let first = try service.ask("/api/jobs/\(id)/proxy", "-r", "0-0")
            #expect(first.code == (isPlayable ? 206 : 202), "\(name): \(first.code)")
            if isPlayable {
                let served = try fetch(service, "/api/jobs/\(id)/proxy", "served")
                #expect(try Data(contentsOf: served) == Data(contentsOf: film))
                continue
            }
            #expect(first.json["state"] as? String == "making", "\(first.body)")
            let proxy = service.command.file("proxy.mp4")
            var code = 202
            for _ in 0..<300 where code == 202 {
                usleep(100_000)
                code = try service.ask("/api/jobs/\(id)/proxy", "-o", proxy.path).code
            }
            #expect(code == 200, "\(name)")
            let (made, sent) = (try Probe(proxy), try Probe(film))
            let video = try #require(made.streams.first { $0.codecType == "video" })
            #expect(video.codecName == "h264" && video.pixFmt == "yuv420p", "\(name)")
            #expect((video.width ?? 0) <= 1280 && (video.height ?? 0) <= 720)
            let hasSound = sent.streams.contains { $0.codecType == "audio" }
            #expect(made.streams.filter { $0.codecType == "audio" }.map(\.codecName) == (hasSound ? ["aac"] : []))
            #expect(try Tool.frameCount(proxy) == Tool.frameCount(film), "\(name)")
            let length = try Tool.end(of: "v", in: film) - (Double(sent.format.startTime ?? "") ?? 0)
            #expect(try abs(Tool.end(of: "v", in: proxy) - length) < 0.15, "\(name)")
            // Its index comes first.
            let bytes = try Data(contentsOf: proxy)
            let (index, data) = (bytes.range(of: Data("moov".utf8)), bytes.range(of: Data("mdat".utf8)))
            #expect(index!.lowerBound < data!.lowerBound)
            let part = try service.ask("/api/jobs/\(id)/proxy", "-r", "10-19", "-o", "/dev/null", "-D", "-")
            #expect(part.code == 206 && part.body.lowercased().contains("content-type: video/mp4"), "\(part.body)")
        }
        // What was made counts as what was sent does.
        let used = try service.ask("/api/me").json["used"] as? [String: Any]
        #expect(try used?["stored"] as? Int == size(of: service.command.file("data/jobs")))
        #expect(try service.end().code == 0)
    }
}
