import Foundation
import Support
import Testing

/// Films that `sakuga serve` draws where they lie.
@Suite(
    "Server's folders", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct ServeFolderTests {
    private func post(_ service: Service, _ path: String) throws -> Service.Answer {
        let plain = CharacterSet(charactersIn: "/").union(.alphanumerics)
        let encoded = path.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
        return try service.ask("/api/jobs?path=\(encoded)", "-X", "POST")
    }

    @Test("a film in an allowed folder is drawn where it lies, and nothing is written there")
    func inPlace() throws {
        let films = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-films-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: films, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: films) }
        let film = films.appendingPathComponent("my film.mp4")
        try Clip.filmMP4.copy(to: film)
        try FileManager.default.createSymbolicLink(
            at: films.appendingPathComponent("link.mp4"), withDestinationURL: film)
        let service = try Service(["--allow-folder", films.path])
        for path in [
            "\(films.path)/my film.mp4", "\(films.path)/link.mp4",
            "\(films.path)/../\(films.lastPathComponent)/link.mp4",
        ] {
            let answer = try post(service, path)
            #expect(answer.code == 201, "\(answer)")
            let id = answer.json["id"] as? String ?? ""
            let job = try service.wait(id)
            #expect(job["state"] as? String == "done" && job["filename"] as? String == "my film.mp4", "\(job)")
            let result = service.command.file("result.mp4")
            _ = try service.ask("/api/jobs/\(id)/result", "-o", result.path)
            #expect(try MediaTool.frameHashes(result).count == 20)
            let copy = service.command.file("copy.mp4")
            _ = try service.ask("/api/jobs/\(id)/input", "-o", copy.path)
            #expect(try Data(contentsOf: copy) == Clip.filmMP4.bytes)
            let kept = try FileManager.default.contentsOfDirectory(atPath: service.command.file("data/jobs/\(id)").path)
            #expect(!kept.contains { $0.hasPrefix("input") })
            #expect(try service.ask("/api/jobs/\(id)", "-X", "DELETE").code == 204)
        }
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: films.path)) == ["my film.mp4", "link.mp4"])
        #expect(try Data(contentsOf: film) == Clip.filmMP4.bytes)
        #expect(try service.ask("/api/jobs?path=\(films.path)/link.mp4", "-X", "POST", "-d", "x").code == 400)
        #expect(try service.end().code == 0)
    }

    @Test("nothing outside the folders is read, whatever the path says and wherever it leads later")
    func outside() throws {
        let files = FileManager.default
        let root = files.temporaryDirectory.appendingPathComponent("sakuga-films-\(UUID().uuidString)")
        let films = root.appendingPathComponent("films")
        try files.createDirectory(at: films.appendingPathComponent("folder"), withIntermediateDirectories: true)
        defer { try? files.removeItem(at: root) }
        let secret = root.appendingPathComponent("films-secret.mp4")
        try Clip.filmMP4.copy(to: secret)
        try Clip.filmMP4.copy(to: films.appendingPathComponent("film.mp4"))
        try files.createSymbolicLink(at: films.appendingPathComponent("out.mp4"), withDestinationURL: secret)
        try files.createSymbolicLink(
            at: films.appendingPathComponent("root"), withDestinationURL: URL(fileURLWithPath: "/"))
        try "not for everybody".write(to: films.appendingPathComponent("notes.txt"), atomically: true, encoding: .utf8)
        let service = try Service(["--allow-folder", films.path])
        var answers = Set<String>()
        for path in [
            secret.path, "\(films.path)/../films-secret.mp4", "\(films.path)/out.mp4",
            "\(films.path)/root\(secret.path)",
            "\(films.path)/nothing.mp4", "\(films.path)/folder", films.path, "film.mp4", "", "/etc/passwd", "/dev/zero",
            "\(films.path)-secret.mp4", "file://\(films.path)/film.mp4",
        ] {
            let answer = try post(service, path)
            #expect(answer.code == 400, "\(path): \(answer)")
            answers.insert(answer.body)
        }
        // What is said does not tell what is there.
        #expect(answers.count == 1, "\(answers)")
        let notes = try post(service, "\(films.path)/notes.txt").json["id"] as? String ?? ""
        #expect(try service.wait(notes)["state"] as? String == "failed")
        #expect(try service.ask("/api/jobs/\(notes)/input").code == 404)

        let long = try service.send(Clip.long.url, "filename=long.mkv")
        _ = try service.wait(long, until: ["running"])
        let id = try post(service, "\(films.path)/film.mp4").json["id"] as? String ?? ""
        try files.removeItem(at: films.appendingPathComponent("film.mp4"))
        try files.createSymbolicLink(at: films.appendingPathComponent("film.mp4"), withDestinationURL: secret)
        _ = try service.ask("/api/jobs/\(long)", "-X", "DELETE")
        let job = try service.wait(id)
        #expect(job["state"] as? String == "failed" && (job["error"] as? String)?.contains("path") == true, "\(job)")
        #expect(try service.end().code == 0)
    }

    @Test("the server's own folder is never read, and without folders no path is")
    func own() throws {
        let home = FileManager.default.temporaryDirectory
        let service = try Service(["--allow-folder", home.path])
        let database = service.command.file("data/jobs.sqlite")
        #expect(FileManager.default.fileExists(atPath: database.path))
        #expect(try post(service, database.path).code == 400)
        #expect(try service.end().code == 0)
        let closed = try Service()
        #expect(try post(closed, Clip.filmMP4.url.path).code == 400)
        #expect(try closed.end().code == 0)
        let command = try BuiltCommand()
        defer { command.removeHome() }
        #expect(try command.run("serve", "--allow-folder", "nowhere").code == 66)
    }
}
