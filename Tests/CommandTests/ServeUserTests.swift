import Foundation
import Support
import Testing

/// `sakuga serve` for several people, and `sakuga users`.
@Suite(
    "Server's users", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct ServeUserTests {
    private func users(_ service: Service, _ arguments: String...) throws -> BuiltCommand.Result {
        try service.command.run(["users"] + arguments + ["--data", "data"])
    }

    private func token(_ service: Service, _ arguments: String...) throws -> String {
        let added = try service.command.run(["users", "add"] + arguments + ["--data", "data"])
        #expect(added.code == 0, "\(added.errorOutput)")
        return added.output.trimmingCharacters(in: .newlines)
    }

    @Test("a user sees, cancels and deletes their own jobs only; an admin everybody's")
    func ownership() throws {
        let service = try Service(environment: ["SAKUGA_TOKEN": "correct-horse-battery"])
        let (mia, tom) = (try token(service, "mia"), try token(service, "tom"))
        let admin = try token(service, "ada", "--admin")
        let id = try service.send(Clip.filmMP4.url, "filename=mia.mp4", token: mia)
        let other = try service.send(Clip.filmMP4.url, "filename=tom.mp4", token: tom)
        #expect(try service.wait(id, token: mia)["owner"] as? String == "mia")
        let hidden: [(String, [String])] = [
            ("", []), ("/result", []), ("/input", []), ("/log", []), ("/events", []), ("/cancel", ["-X", "POST"]),
            ("/retry", ["-X", "POST"]), ("", ["-X", "DELETE"]),
        ]
        for (path, options) in hidden {
            let said = try MediaTool.run(
                "curl",
                ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Authorization: Bearer \(tom)"] + options
                    + [service.address("/api/jobs/\(id)\(path)")])
            #expect(said == "404", "\(options) \(path): \(said)")
        }
        func listed(_ token: String, _ query: String = "") throws -> Set<String> {
            let jobs = try service.ask("/api/jobs?\(query)", token: token).json["jobs"] as? [[String: Any]]
            return Set((jobs ?? []).compactMap { $0["id"] as? String })
        }
        #expect(try listed(mia) == [id])
        #expect(try listed(mia, "user=tom") == [id])
        #expect(try listed(admin) == [id, other])
        #expect(try listed(admin, "user=tom") == [other])
        #expect(try listed(admin, "search=MIA") == [id])
        #expect(try listed(admin, "preset=painted") == [])
        #expect(try listed("correct-horse-battery") == [id, other])
        #expect(try service.ask("/metrics", token: mia).code == 403)
        #expect(try service.ask("/metrics", token: admin).code == 200)
        #expect(try service.ask("/api/jobs/\(id)", token: admin, "-X", "DELETE").code == 204)
        #expect(try service.wait(other, token: tom)["state"] as? String == "done")
        #expect(try service.ask("/api/jobs/\(other)", token: tom, "-X", "DELETE").code == 204)
        #expect(try service.end().code == 0)
    }

    @Test("users come and go while the server runs, and no token of theirs is kept")
    func comingAndGoing() throws {
        let service = try Service()
        // Nobody but this machine, and nobody is known: open, as it was.
        #expect(try service.ask("/api/jobs").code == 200)
        let mia = try token(service, "mia")
        #expect(try service.ask("/api/jobs").code == 401)
        #expect(try service.ask("/api/jobs", token: mia + "0").code == 401)
        #expect(try service.ask("/api/jobs", token: mia).code == 200)
        #expect(try users(service).output == "mia\tuser\n")
        let folder = service.command.file("data")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("jobs.sqlite")
        {
            let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
            #expect(bytes.range(of: Data(mia.utf8)) == nil, "\(name)")
        }
        let id = try service.send(Clip.filmMP4.url, "filename=a.mp4", token: mia)
        _ = try service.wait(id, token: mia)
        #expect(try users(service, "remove", "mia").code == 0)
        _ = try token(service, "ada", "--admin")
        #expect(try service.ask("/api/jobs", token: mia).code == 401)
        // Another of the same name is another.
        #expect(try service.ask("/api/jobs/\(id)", token: token(service, "mia")).code == 404)
        try service.crash()
        try service.restart()
        // There are users: a token is made up for whoever runs it.
        #expect(service.running.errorOutput.contains("?token="))
        #expect(try service.ask("/api/jobs").code == 401)
        #expect(try service.end().code == 0)
    }

    @Test("a user may put a job back, not forward, and may not fill the queue")
    func limits() throws {
        let service = try Service(["--waiting-per-user", "2"])
        let (mia, ada) = (try token(service, "mia"), try token(service, "ada", "--admin"))
        // Keeps the one worker busy.
        let long = try service.send(Clip.long.url, "filename=long.mkv", token: ada)
        _ = try service.wait(long, until: ["running"], token: ada)
        let first = try service.send(Clip.filmMP4.url, "filename=1.mp4", token: mia)
        let second = try service.send(Clip.filmMP4.url, "filename=2.mp4&priority=-7", token: mia)
        let film = "@\(Clip.filmMP4.url.path)"
        let refused = try service.ask("/api/jobs", token: mia, "-X", "POST", "--data-binary", film)
        #expect(refused.code == 429 && refused.json["error"] as? String != nil, "\(refused)")
        #expect(try service.ask("/api/jobs?priority=1", token: mia, "-X", "POST", "--data-binary", film).code == 400)
        #expect(try service.ask("/api/jobs/\(first)?priority=1", token: mia, "-X", "PATCH").code == 400)
        let moved = try service.ask("/api/jobs/\(first)?priority=-9", token: mia, "-X", "PATCH")
        #expect(moved.code == 200 && moved.json["priority"] as? Int == -9)
        #expect(try service.ask("/api/jobs/\(long)?priority=-1", token: mia, "-X", "PATCH").code == 404)
        #expect(try service.ask("/api/jobs/\(second)?priority=50", token: ada, "-X", "PATCH").code == 200)
        #expect(try service.ask("/api/jobs/\(long)/cancel", token: ada, "-X", "POST").code == 200)
        let ended = try [first, second].map { try service.wait($0, token: mia)["started"] as? Double ?? 0 }
        #expect(ended[1] < ended[0])
        #expect(try service.end().code == 0)
    }

    @Test("behind a proxy nobody is taken for whoever sits at the machine")
    func proxy() throws {
        let service = try Service(["--name", "films.example.org"])
        #expect(service.running.errorOutput.contains("?token="))
        #expect(try service.ask("/api/me").code == 401)
        let (host, origin) = ("Host: films.example.org", "Origin: https://films.example.org")
        #expect(try service.ask("/api/me", "-H", host, "-H", origin).code == 401)
        let mia = try token(service, "mia")
        #expect(try service.ask("/api/me", token: mia, "-H", host, "-H", origin).json["name"] as? String == "mia")
        #expect(try service.ask("/api/me", token: mia, "-H", "Host: example.org").code == 421)
        #expect(try service.command.run("serve", "--name", "https://films.example.org").code == 64)
        #expect(try service.end().code == 0)
    }

    @Test("users are told who they are and what they may use, and may have limits of their own")
    func accounts() throws {
        let service = try Service(["--quota-per-user", "2", "--waiting-per-user", "3", "--largest-upload", "10"])
        #expect(try service.ask("/api/me").json["is_admin"] as? Bool == true)
        let (mia, ada) = (try token(service, "mia"), try token(service, "ada", "--admin"))
        #expect(try service.ask("/api/me").code == 401)
        // Nothing but the page and the sign of life is given to whoever has no token.
        #expect(try service.ask("/").code == 200 && service.ask("/healthz").code == 200)
        for path in ["/api/presets", "/openapi.json", "/metrics", "/x", "//", "/index.html"] {
            #expect(try service.ask(path).code == 401, "\(path)")
        }
        _ = try service.send(Clip.filmMP4.url, "filename=a.mp4&hold=true", token: mia)
        func me(_ token: String, _ part: String) throws -> [String: Any] {
            try service.ask("/api/me", token: token).json[part] as? [String: Any] ?? [:]
        }
        let size = try Clip.filmMP4.bytes.count
        #expect(try service.ask("/api/me", token: mia).json["name"] as? String == "mia")
        #expect(try me(mia, "used")["stored"] as? Int == size && me(mia, "used")["waiting"] as? Int == 1)
        #expect(try me(mia, "limits")["stored"] as? Int == 2 << 20 && me(mia, "limits")["upload"] as? Int == 10 << 20)
        #expect(try me(mia, "everybody").isEmpty && me(ada, "everybody")["stored"] as? Int == size)
        #expect(try me(ada, "limits")["stored"] == nil && me(ada, "limits")["highest_priority"] as? Int == 100)
        #expect(try users(service, "limit", "mia", "--quota", "5", "--waiting", "1").code == 0)
        #expect(try users(service).output == "ada\tadmin\nmia\tuser\tquota 5 MB\twaiting 1\n")
        #expect(try me(mia, "limits")["stored"] as? Int == 5 << 20 && me(mia, "limits")["waiting"] as? Int == 1)
        let film = "@\(Clip.filmMP4.url.path)"
        #expect(try service.ask("/api/jobs", token: mia, "-X", "POST", "--data-binary", film).code == 429)
        #expect(try users(service, "limit", "mia").code == 0)
        #expect(try me(mia, "limits")["waiting"] as? Int == 3)
        #expect(try users(service, "limit", "tom", "--quota", "1").code == 64)
        #expect(try users(service, "limit", "mia", "--quota", "-1").code == 64)
        let looks = try service.ask("/api/presets", token: mia).json["presets"] as? [[String: Any]] ?? []
        let painted = looks.first { $0["name"] as? String == "painted" }
        #expect(painted?["title"] as? String == "Painted" && painted?["strength"] as? Double == 1)
        #expect(painted?["sizes"] as? [String] == ["live", "studio"])
        #expect(try service.end().code == 0)
    }

    @Test("what cannot be done with users is said in a sentence")
    func refusals() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        #expect(try command.run("users").code == 66)
        #expect(!FileManager.default.fileExists(atPath: command.file("sakuga-data").path))
        #expect(try command.run("users", "add", "a b").code == 64)
        #expect(try command.run("users", "add", "mia").code == 0)
        let again = try command.run("users", "add", "mia")
        #expect(again.code == 64 && again.errorOutput.contains("there is a user 'mia' already"))
        #expect(try command.run("users", "remove", "tom").code == 64)
        let tokens = try (0..<3).map { try command.run("users", "add", "user\($0)").output }
        #expect(Set(tokens).count == 3 && tokens.allSatisfy { $0.count == 33 })
    }
}
