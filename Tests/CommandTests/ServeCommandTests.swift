import Foundation
import Support
import Testing

/// `sakuga serve`, used as programs and people use it.
@Suite("Server", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct ServeCommandTests {
    @Test("a film is sent, drawn and fetched, whole and in parts")
    func life() throws {
        let service = try Service()
        let id = try service.send(Clip.filmMP4.url, "filename=my%20film.mp4&preset=painted&strength=0.8")
        let job = try service.wait(id)
        #expect(job["state"] as? String == "done", "\(job)")
        #expect(job["progress"] as? Double == 1)
        #expect(job["frames"] as? Int == 20)
        #expect(job["filename"] as? String == "my film.mp4")
        let result = service.command.file("result.mp4")
        _ = try service.ask("/api/jobs/\(id)/result", "-o", result.path)
        let probe = try Probe(result)
        #expect(probe.streams.map(\.codecType).sorted() == ["audio", "video"])
        #expect(try MediaTool.frameHashes(result).count == 20)
        let size = try Data(contentsOf: result).count
        let part = service.command.file("part")
        #expect(try service.ask("/api/jobs/\(id)/result", "-r", "100-199", "-o", part.path).code == 206)
        #expect(try Data(contentsOf: part) == Data(contentsOf: result)[100..<200])
        #expect(try service.ask("/api/jobs/\(id)/result", "-r", "\(size)-").code == 416)
        let heads = try service.ask("/api/jobs/\(id)/result", "-o", "/dev/null", "-D", "-").body.lowercased()
        #expect(heads.contains("filename*=utf-8''my%20film.painted.mp4"))
        #expect(try service.ask("/api/jobs/\(id)/input", "-o", part.path).code == 200)
        #expect(try Data(contentsOf: part) == Clip.filmMP4.bytes)

        let events = try service.ask("/api/jobs/\(id)/events").body
        #expect(events.hasPrefix("data: {") && events.contains("\"state\":\"done\""))
        let history = try service.ask("/api/jobs/\(id)/history").json["events"] as? [[String: Any]]
        #expect(history?.map { $0["state"] as? String } == ["queued", "running", "done"])
        #expect(try service.ask("/metrics").body.contains("sakuga_jobs{state=\"done\"} 1"))
        #expect(try service.ask("/api/jobs/\(id)", "-X", "DELETE").code == 204)
        #expect(try service.ask("/api/jobs/\(id)").code == 404)
        #expect(try FileManager.default.contentsOfDirectory(atPath: service.command.file("data/jobs").path) == [])
        #expect(try service.end().code == 0)
    }

    @Test("a job is cancelled while it is drawn, and begun again")
    func cancelling() throws {
        let service = try Service()
        let id = try service.send(Clip.long.url, "filename=long.mkv")
        let waiting = try service.send(Clip.filmMP4.url, "filename=b.mp4")
        _ = try service.wait(id, until: ["running"])
        #expect(try service.ask("/api/jobs/\(id)/cancel", "-X", "POST").json["state"] as? String == "cancelled")
        #expect(try service.wait(waiting)["state"] as? String == "done")
        #expect(try service.ask("/api/jobs/\(id)/result").code == 404)
        #expect(try service.ask("/api/jobs/\(id)/retry", "-X", "POST").json["state"] as? String == "queued")
        _ = try service.wait(id, until: ["running"])
        #expect(try service.ask("/api/jobs/\(id)", "-X", "DELETE").code == 204)
        #expect(try service.end().code == 0)
    }

    @Test("asked to end, it lets what has begun come to its end, and waits for nobody who only listens")
    func ending() throws {
        let service = try Service()
        let film = service.command.file("large.mp4")
        let size = 24 << 20
        try Data(count: size).write(to: film)
        let id = try service.send(film, "filename=large.mp4&hold=true")
        let copy = service.command.file("copy.mp4")
        let events = service.command.file("events")
        let clients = try [["/events", events.path], ["/input", copy.path]].map { place in
            let client = Process()
            client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            client.arguments = ["curl", "-s", "-N", "--limit-rate", "16M", "-o", place[1]]
            client.arguments?.append(service.address("/api/jobs/\(id)\(place[0])"))
            try client.run()
            return client
        }
        func received(_ file: URL) -> Int {
            (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int).flatMap { $0 } ?? 0
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while min(received(copy), received(events)) == 0, ContinuousClock.now < deadline { usleep(10_000) }
        #expect(try service.end().code == 0)
        for client in clients {
            client.waitUntilExit()
            #expect(client.terminationStatus == 0)
        }
        #expect(received(copy) == size)
    }

    @Test("the server is killed again and again: every job ends done, each once, and every result is whole")
    func crashes() throws {
        let service = try Service(["--workers", "2"])
        let ids = try (0..<8).map { try service.send(Clip.filmMP4.url, "filename=\($0).mp4") }
        #expect(Set(ids).count == 8)
        for pause in [0.7, 1.3, 0.4] {
            Thread.sleep(forTimeInterval: pause)
            try service.crash()
            try service.restart()
        }
        for id in ids {
            let job = try service.wait(id)
            #expect(job["state"] as? String == "done", "\(job)")
            let result = service.command.file("\(id).mp4")
            _ = try service.ask("/api/jobs/\(id)/result", "-o", result.path)
            #expect(try MediaTool.frameHashes(result).count == 20)
        }
        let page = try service.ask("/api/jobs?limit=200").json
        #expect(page["total"] as? Int == 8)
        // Ended in peace, it leaves no worker behind.
        #expect(try service.end().code == 0)
    }

    @Test("what is no film fails with a sentence, and files that name others are never followed")
    func strangeFiles() throws {
        let service = try Service()
        let secret = service.command.file("secret.mp4")
        try Clip.filmMP4.copy(to: secret)
        let files: [(String, String)] = [
            ("x.mp4", "nonsense"), ("empty.mkv", " "),
            ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://\(secret.path)\n#EXT-X-ENDLIST\n"),
            ("list.txt", "ffconcat version 1.0\nfile '\(secret.path)'\n"),
            ("list.mp4", "ffconcat version 1.0\nfile '\(secret.path)'\n"),
            (
                "call.sdp",
                "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
            ),
            ("x.svg", "<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"),
        ]
        for (name, text) in files {
            let file = service.command.file("upload")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let job = try service.wait(service.send(file, "filename=\(name)"))
            #expect(job["state"] as? String == "failed", "\(name)")
            #expect((job["error"] as? String)?.isEmpty == false)
            #expect((job["error"] as? String)?.contains("the worker ended") != true, "\(job)")
            #expect((job["error"] as? String)?.contains("/data/jobs") != true, "\(job)")
        }
        // One bad file never stops the rest.
        #expect(try service.wait(service.send(Clip.filmMP4.url, "filename=good.mp4"))["state"] as? String == "done")
        #expect(try service.end().code == 0)
    }

    @Test("hostile requests get a refusal, and nothing outside the data folder")
    func hostility() throws {
        let service = try Service()
        let id = try service.send(Clip.filmMP4.url, "filename=..%2F..%2Fetc%2Fpasswd%00.mp4&priority=1")
        #expect(try service.wait(id)["filename"] as? String == "passwd.mp4")
        let refused: [(String, [String])] = [
            ("/api/jobs/../../../../etc/passwd", []), ("/api/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd/result", []),
            ("/api/jobs/\(id)%00/result", []), ("/api/jobs/'%20OR%201=1--", []), ("/api/jobs?state=done'--", []),
            ("/api/jobs?limit=-1", []), ("/api/jobs?limit=1000000", []), ("/api/jobs?offset=1e9", []),
            ("/api/presets/..%2f..%2fpresets%2fcel/preview", []), ("/api/jobs/\(id)?priority=x", ["-X", "PATCH"]),
            ("/api/jobs/\(id)", ["-X", "PATCH"]), ("/api/jobs", ["-X", "POST"]),
            ("/api/jobs?preset=../x", ["-X", "POST", "-d", "x"]),
            ("/api/jobs?encoder=rawvideo", ["-X", "POST", "-d", "x"]),
            ("/api/jobs", ["-X", "PUT", "-d", "x"]), ("/../../etc/passwd", []),
            ("/api/jobs", ["-H", "Host: evil.example"]), ("/api/jobs", ["-H", "Origin: http://evil.example"]),
            ("/api/jobs", ["-H", "Sec-Fetch-Site: cross-site"]),
            ("/api/jobs", ["-H", "X: \(String(repeating: "x", count: 40_000))"]),
        ]
        for (path, options) in refused {
            let said = try MediaTool.run(
                "curl",
                ["-s", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}"] + options + [service.address(path)])
            let code = Int(said) ?? 0
            #expect((400..<500).contains(code), "\(path): \(code)")
        }
        #expect(try service.ask("/healthz").code == 200)
        #expect(try service.end().code == 0)
    }

    @Test("beyond this machine a token is needed")
    func tokens() throws {
        let token = "correct-horse-battery"
        let service = try Service(["--bind", "0.0.0.0:0"], environment: ["SAKUGA_TOKEN": token])
        #expect(!service.running.errorOutput.contains(token))
        #expect(try service.ask("/api/jobs").code == 401)
        #expect(try service.ask("/api/jobs", "-H", "Authorization: Bearer wrong-horse-battery").code == 401)
        #expect(try service.ask("/api/jobs", "-H", "Authorization: Bearer \(token)").code == 200)
        #expect(try service.ask("/?token=\(token)").code == 200)
        #expect(try service.end().code == 0)
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let refused = try command.run(["serve"], environment: ["SAKUGA_TOKEN": "short"])
        #expect(refused.code == 64)
    }

    @Test("every path of the description is served, with the methods it names")
    func description() throws {
        let service = try Service()
        let document = try service.ask("/openapi.json").json
        let paths = document["paths"] as? [String: [String: Any]] ?? [:]
        #expect(paths.count >= 14)
        let id = try service.send(Clip.filmMP4.url, "filename=a.mp4")
        _ = try service.wait(id)
        for (path, methods) in paths {
            for method in methods.keys where method != "delete" {
                let asked = path.replacingOccurrences(of: "{id}", with: id).replacingOccurrences(
                    of: "{name}", with: "cel")
                let answer = try service.ask(asked, "-X", method.uppercased())
                #expect(![404, 405, 500].contains(answer.code), "\(method) \(path): \(answer.code) \(answer.body)")
            }
        }
        #expect(try service.end().code == 0)
    }
}
