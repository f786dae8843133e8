import Foundation
import Support
import Testing

/// Films that are sent to `sakuga serve` in parts.
@Suite(
    "Server's uploads", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct ServeUploadTests {
    /// Sends a part of a film.
    private func put(
        _ service: Service, _ id: String, _ bytes: Data, _ range: Range<Int>, token: String? = nil
    ) throws -> Service.Answer {
        let file = service.command.file("part-\(UUID().uuidString)")
        try bytes[range].write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try service.ask(
            "/api/uploads/\(id)", token: token, "-X", "PUT", "--data-binary", "@\(file.path)", "-H",
            "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)")
    }

    private func begin(_ service: Service, _ query: String, token: String? = nil) throws -> String {
        let answer = try service.ask("/api/uploads?\(query)", token: token, "-X", "POST")
        #expect(answer.code == 201, "\(answer)")
        return answer.json["id"] as? String ?? ""
    }

    @Test("a film is sent in parts, over a crash of the server, and drawn once")
    func parts() throws {
        let service = try Service()
        let film = try Clip.filmMP4.bytes
        let (third, size) = (film.count / 3, film.count)
        let id = try begin(service, "filename=my%20film.mp4&preset=painted&size=\(size)")
        #expect(try put(service, id, film, 0..<third).json["offset"] as? Int == third)
        // Only what comes next is taken.
        #expect(try put(service, id, film, 0..<third).code == 409)
        #expect(try put(service, id, film, (third + 1)..<size).code == 409)
        #expect(try service.ask("/api/uploads/\(id)", "-X", "PUT", "-d", "x").code == 400)
        #expect(
            try service.ask(
                "/api/uploads/\(id)", "-X", "PUT", "-d", "xx", "-H", "Content-Range: bytes \(third)-\(third)/\(size)"
            ).code == 400)
        let tooMuch = try service.ask(
            "/api/uploads/\(id)", "-X", "PUT", "-d", "xx", "-H", "Transfer-Encoding: chunked", "-H",
            "Content-Range: bytes \(third)-\(third)/\(size)")
        #expect(tooMuch.code == 400)
        try service.crash()
        try service.restart()
        #expect(try service.ask("/api/uploads/\(id)").json["offset"] as? Int == third)
        #expect(try service.ask("/api/jobs").json["total"] as? Int == 0)
        #expect(try put(service, id, film, third..<(2 * third)).code == 200)
        let last = try put(service, id, film, (2 * third)..<size)
        #expect(last.code == 201 && last.json["id"] as? String == id)
        // Whoever missed the answer asks, or sends the last part again.
        #expect(try service.ask("/api/uploads/\(id)").json["offset"] as? Int == size)
        #expect(try put(service, id, film, (2 * third)..<size).code == 200)
        let job = try service.wait(id)
        #expect(job["state"] as? String == "done" && job["filename"] as? String == "my film.mp4", "\(job)")
        #expect((job["options"] as? [String: Any])?["preset"] as? String == "painted")
        let copy = service.command.file("copy")
        _ = try service.ask("/api/jobs/\(id)/input", "-o", copy.path)
        #expect(try Data(contentsOf: copy) == film)
        #expect(try service.ask("/api/jobs").json["total"] as? Int == 1)
        #expect(try service.end().code == 0)
    }

    @Test("an upload that breaks off goes on where it was, and many senders at once make one job")
    func breaking() throws {
        let service = try Service()
        let film = try Clip.large.bytes
        let id = try begin(service, "filename=large.mp4&size=\(film.count)&scale=0.1&end=0.1")
        // Slow enough to be cut off.
        _ = try? MediaTool.run(
            "curl",
            ["-s", "--limit-rate", "300k", "--max-time", "1", "-H", "Expect:", "-H"]
                + ["Content-Range: bytes 0-\(film.count - 1)/\(film.count)", "-T", Clip.large.url.path]
                + [service.address("/api/uploads/\(id)")])
        var offset = 0
        for _ in 0..<100 {
            // The server may not have seen yet that nobody sends any more.
            let answer = try service.ask(
                "/api/uploads/\(id)", "-X", "PUT", "-H", "Content-Range: bytes */\(film.count)")
            offset = answer.json["offset"] as? Int ?? 0
            if answer.code == 200 { break }
            usleep(100_000)
        }
        #expect((1..<film.count).contains(offset))
        let rest = service.command.file("rest")
        try film[offset...].write(to: rest)
        let answers = try MediaTool.run(
            "curl",
            ["-s", "-Z", "-o", "/dev/null", "-w", "%{http_code}\n", "-X", "PUT", "--data-binary", "@\(rest.path)"]
                + ["-H", "Content-Range: bytes \(offset)-\(film.count - 1)/\(film.count)"]
                + [service.address("/api/uploads/\(id)?attempt=[1-6]")]
        ).split(separator: "\n")
        #expect(answers.count == 6 && answers.filter { $0 == "201" }.count == 1, "\(answers)")
        #expect(answers.allSatisfy { ["200", "201", "409"].contains($0) }, "\(answers)")
        #expect(try service.wait(id)["state"] as? String == "done")
        let copy = service.command.file("copy")
        _ = try service.ask("/api/jobs/\(id)/input", "-o", copy.path)
        #expect(try Data(contentsOf: copy) == film)
        #expect(try service.ask("/api/jobs").json["total"] as? Int == 1)
        #expect(try service.end().code == 0)
    }

    @Test("uploads are their user's, count against what the user may have, and can be given up")
    func ownership() throws {
        let service = try Service(["--quota-per-user", "1", "--waiting-per-user", "2"])
        func token(_ name: String) throws -> String {
            try service.command.run("users", "add", name, "--data", "data").output.trimmingCharacters(in: .newlines)
        }
        let (mia, tom) = (try token("mia"), try token("tom"))
        let id = try begin(service, "size=1000000", token: mia)
        for method in ["GET", "PUT", "DELETE"] {
            #expect(try service.ask("/api/uploads/\(id)", token: tom, "-X", method).code == 404, "\(method)")
        }
        let more = try service.ask("/api/uploads?size=100000", token: mia, "-X", "POST")
        #expect(more.code == 507 && more.json["error"] as? String != nil, "\(more)")
        _ = try begin(service, "size=100000", token: tom)
        _ = try begin(service, "size=100000", token: tom)
        #expect(try service.ask("/api/uploads?size=100000", token: tom, "-X", "POST").code == 429)
        #expect(try service.ask("/api/uploads/\(id)", token: mia, "-X", "DELETE").code == 204)
        #expect(try service.ask("/api/uploads/\(id)", token: mia).code == 404)
        _ = try begin(service, "size=1000000", token: mia)
        for query in ["", "size=0", "size=-1", "size=x", "size=10&preset=../x"] {
            #expect(try service.ask("/api/uploads?\(query)", token: mia, "-X", "POST").code == 400, "\(query)")
        }
        #expect(try service.ask("/api/uploads?size=99999999999999", token: mia, "-X", "POST").code == 413)
        #expect(try service.end().code == 0)
    }
}
