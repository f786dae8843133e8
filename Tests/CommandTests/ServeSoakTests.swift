import Foundation
import Support
import Testing

/// The short form of `make soak-server`.
@Suite(
    "Server under stress", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads,
    .timeLimit(.minutes(30)))
struct ServeSoakTests {
    @Test("two servers never use one folder, and whoever adds users disturbs none")
    func oneServer() throws {
        let service = try Service()
        let scratch = service.command.file("data/scratch/being-made")
        try "x".write(to: scratch, atomically: true, encoding: .utf8)
        let second = try service.command.run("serve", "--data", "data", "--bind", "127.0.0.1:0")
        #expect(second.code == 69)
        #expect(second.errorOutput.contains("another server uses the folder"), "\(second.errorOutput)")
        #expect(try service.command.run("users", "--data", "data").code == 0)
        #expect(FileManager.default.fileExists(atPath: scratch.path))
        #expect(try service.ask("/api/jobs").code == 200)
        try service.crash()
        try service.restart()
        #expect(!FileManager.default.fileExists(atPath: scratch.path))
        #expect(try service.end().code == 0)
    }

    @Test("several clients send films in parts to a server that is killed: each film is one job, and done")
    func clients() throws {
        let service = try Service(["--workers", "2"])
        let film = try Clip.filmMP4.bytes
        let half = film.count / 2
        let parts = try [film[..<half], film[half...]].enumerated().map { number, bytes in
            let file = service.command.file("part-\(number)")
            try bytes.write(to: file)
            return "@\(file.path)"
        }
        let ids = try (0..<12).map { number in
            let begun = try service.ask("/api/uploads?filename=\(number).mp4&size=\(film.count)", "-X", "POST")
            return try #require(begun.json["id"] as? String)
        }
        func send(_ part: Int, _ range: String) throws {
            // All at once.
            let said = try MediaTool.run(
                "curl",
                ["-s", "-Z", "--no-progress-meter", "-w", "\n=%{http_code}\n", "-X", "PUT"]
                    + ["--data-binary", parts[part], "-H", "Content-Range: bytes \(range)/\(film.count)"]
                    + ids.map { service.address("/api/uploads/\($0)") })
            let codes = said.split(separator: "\n").filter { $0.hasPrefix("=") }
            #expect(codes.count == ids.count && codes.allSatisfy { $0.hasPrefix("=20") }, "\(said)")
        }
        try send(0, "0-\(half - 1)")
        try service.crash()
        try service.restart()
        try send(1, "\(half)-\(film.count - 1)")
        try service.crash()
        try service.restart()
        // What was acknowledged is not taken twice.
        try send(1, "\(half)-\(film.count - 1)")
        for id in ids {
            let job = try service.wait(id)
            #expect(job["state"] as? String == "done" && job["frames"] as? Int == 20, "\(job)")
        }
        #expect(try service.ask("/api/jobs").json["total"] as? Int == ids.count)
        #expect(try service.end().code == 0)
    }

    @Test("a large upload is not held in memory")
    func memory() throws {
        let service = try Service()
        let film = service.command.file("large.mp4")
        _ = FileManager.default.createFile(atPath: film.path, contents: nil)
        let size = 300 << 20
        try FileHandle(forWritingTo: film).truncate(atOffset: UInt64(size))
        _ = try service.ask("/api/jobs")
        let before = peak(of: service.running.processID)
        let sent = try service.ask("/api/jobs?filename=a.mp4&hold=true", "-X", "POST", "-T", film.path)
        #expect(sent.code == 201)
        #expect(peak(of: service.running.processID) - before < 64 << 10)
        let id = try #require(sent.json["id"] as? String)
        #expect(try service.ask("/api/jobs/\(id)").json["bytes"] as? Int == size)
        #expect(try service.ask("/api/jobs/\(id)/input", "-o", "/dev/null").code == 200)
        #expect(try service.ask("/api/jobs/\(id)", "-X", "DELETE").code == 204)
        #expect(try service.end().code == 0)
    }

    /// KiB that a process has held at most (VmHWM in proc(5)).
    private func peak(of process: Int32) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    @Test("a picture of few bytes and very many pixels fails with a sentence")
    func bomb() throws {
        let service = try Service()
        let picture = service.command.file("huge.png")
        _ = try MediaTool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "color=s=16000x16000,format=monob", "-frames:v", "1", picture.path])
        #expect(try Data(contentsOf: picture).count < 2 << 20)
        let job = try service.wait(service.send(picture, "filename=huge.png"))
        #expect(job["state"] as? String == "failed", "\(job)")
        #expect((job["error"] as? String)?.contains("larger than this server draws") == true, "\(job)")
        #expect(try service.ask("/healthz").code == 200)
        #expect(try service.end().code == 0)
    }

    @Test("hundreds of hostile requests get answers that give nothing away")
    func hostility() throws {
        let service = try Service()
        let secret = UUID().uuidString
        try secret.write(to: service.command.file("secret.txt"), atomically: true, encoding: .utf8)
        let id = try service.send(Clip.picture.url, "filename=a.png&hold=true")
        let payloads = [
            "../secret.txt", "..%2f..%2f..%2fsecret.txt", "%252e%252e%252fsecret.txt", "..%c0%afsecret.txt",
            service.command.file("secret.txt").path, "file:%2f%2f\(service.command.file("secret.txt").path)",
            "secret.txt%00.png", "'%20OR%201=1--", "%27;DROP%20TABLE%20job;--", "%0d%0aX-Evil:%201", "%zz", "%ff", "-1",
            "99999999999999999999", "nan", "1e309", String(repeating: "a", count: 9000),
        ]
        let places: [(String, [String])] = [
            ("/{}", []), ("/api/jobs/{}", []), ("/api/jobs/{}/input", []), ("/api/jobs/\(id)/{}", []),
            ("/api/presets/{}/preview", []), ("/api/uploads/{}", []), ("/api/jobs?limit={}", []),
            ("/api/jobs?search={}", []), ("/api/jobs?path={}", ["-X", "POST"]), ("/api/jobs?preset={}", ["-d", "x"]),
            ("/api/jobs?filename={}&hold=true", ["-d", "x"]), ("/api/jobs/\(id)/frame?time={}", []),
            ("/api/jobs/\(id)?priority={}", ["-X", "PATCH"]), ("/api/uploads?size={}", ["-X", "POST"]),
        ]
        for (place, options) in places {
            // One curl, all payloads: so many processes would take longer than the requests.
            let addresses = payloads.map { service.address(place.replacingOccurrences(of: "{}", with: $0)) }
            let said = try MediaTool.run(
                "curl",
                ["-s", "-g", "-i", "--path-as-is", "--max-time", "60", "-w", "\n=%{http_code}\n"] + options + addresses)
            let codes = said.split(separator: "\n").filter { $0.hasPrefix("=") }.compactMap { Int($0.dropFirst()) }
            #expect(
                codes.count == payloads.count && codes.allSatisfy { (200..<500).contains($0) }, "\(place): \(codes)")
            #expect(!said.contains(secret) && !said.lowercased().contains("\nx-evil"), "\(place)")
        }
        #expect(try service.ask("/api/jobs/\(id)").json["state"] as? String == "held")
        #expect(try service.end().code == 0)
    }

    @Test("many slow clients keep nobody else out")
    func slowClients() throws {
        let service = try Service()
        let sockets = (0..<300).map { _ in connect(to: service.port) }
        defer { sockets.forEach { close($0) } }
        #expect(sockets.allSatisfy { $0 >= 0 })
        for socket in sockets { _ = "GET / HTTP/1.1\r\nX: ".withCString { send(socket, $0, strlen($0), 0) } }
        for _ in 0..<5 { #expect(try service.ask("/api/jobs").code == 200) }
        #expect(try service.end().code == 0)
    }

    private func connect(to port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return code == 0 ? descriptor : -1
    }
}
