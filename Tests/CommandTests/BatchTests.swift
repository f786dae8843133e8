import Foundation
import Testing

/// `sakuga batch`: many files, whatever becomes of some of them.
@Suite("Batch", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct BatchTests {
    private struct Outcome: Decodable, Equatable {
        var input: String
        var output: String
        var state: String
        var frames: Int?
        var error: String?
    }

    private func batch(_ command: BuiltCommand, _ arguments: String...) throws -> BuiltCommand.Result {
        try command.run(["batch"] + arguments, timeout: 120)
    }

    private func report(_ command: BuiltCommand, _ name: String = "report.json") throws -> [Outcome] {
        try JSONDecoder().decode([Outcome].self, from: Data(contentsOf: command.file(name)))
    }

    private func folder(_ command: BuiltCommand, _ files: [String: Clip]) throws {
        for (name, clip) in files {
            let place = command.file(name)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try clip.copy(to: place)
        }
    }

    private func names(_ folder: URL) -> [String] {
        (FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []).sorted()
    }

    @Test("a tree of folders is mirrored, one bad file stops nothing, and what is there is skipped")
    func tree() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try folder(
            command, ["in/a.mkv": .film, "in/a.mp4": .filmMP4, "in/deep/er/p.jpg": .photo, "in/film.avi": .filmAVI])
        try folder(command, ["in/film.mkv": .film, "in/.hidden/b.mkv": .film])
        try Data("no film".utf8).write(to: command.file("in/bad.mp4"))
        try Data("text".utf8).write(to: command.file("in/readme.txt"))
        let first = try batch(command, "in", "-o", "in/out", "--workers", "2", "--report", "report.json")
        #expect(first.code == 65 && first.errorOutput.contains("1 of 6 inputs could not be drawn"), "\(first)")
        let files = names(command.file("in/out")).filter { $0.contains(".") }
        #expect(files == ["a.mkv", "a.mp4", "deep/er/p.png", "film.mkv", "film.mkv.mkv"], "\(files)")
        let outcomes = try report(command)
        #expect(outcomes.map(\.state) == ["done", "done", "failed", "done", "done", "done"])
        #expect(outcomes.map(\.frames) == [20, 20, nil, 1, 20, 20])
        #expect(outcomes[2].error?.contains("cannot read") == true)
        #expect(try Tool.frames(command.file("in/out/a.mkv")).count == 20)

        let second = try batch(command, "in", "-o", "in/out", "--report", "report.json")
        #expect(second.code == 65)
        #expect(try report(command).map(\.state) == ["skipped", "skipped", "failed", "skipped", "skipped", "skipped"])
    }

    @Test("with any number of workers every frame is the same")
    func workers() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try Clip.scenes.copy(to: command.file("film.mp4"))
        let whole = try command.run(["stylize", "film.mp4", "-o", "whole.mp4", "--progress", "none"])
        #expect(whole.code == 0)
        let reference = try Tool.frames(command.file("whole.mp4"))
        for workers in ["1", "2", "5"] {
            let result = try batch(command, "film.mp4", "-o", "out\(workers)", "--workers", workers)
            #expect(result.code == 0, "\(result)")
            #expect(try Tool.frames(command.file("out\(workers)/film.mp4")) == reference, "\(workers) workers")
            #expect(names(command.file("out\(workers)")) == ["film.mp4"], "no plan is left")
        }
    }

    @Test("killed, it goes on where it was")
    func killed() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try Clip.scenes.copy(to: command.file("film.mp4"))
        let running = try command.start(["batch", "film.mp4", "-o", "out", "--workers", "2"])
        let plan = command.file("out/film.mp4.render/segments.json")
        let deadline = ContinuousClock.now + .seconds(60)
        while !FileManager.default.fileExists(atPath: plan.path), ContinuousClock.now < deadline { usleep(2_000) }
        running.send(SIGKILL)
        _ = try running.wait(timeout: 10)
        let result = try batch(command, "film.mp4", "-o", "out", "--workers", "2")
        #expect(result.code == 0, "\(result)")
        #expect(try command.run(["stylize", "film.mp4", "-o", "whole.mp4", "--progress", "none"]).code == 0)
        #expect(try Tool.frames(command.file("out/film.mp4")) == Tool.frames(command.file("whole.mp4")))
    }

    @Test("lists give each input options of its own, and say which entry is wrong")
    func manifests() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try folder(command, ["films/a, \"b\".mkv": .film, "films/c.mp4": .filmMP4])
        let list = "input,output,strength,smoothing,frames\n\"a, \"\"b\"\".mkv\",one/first.mkv,0,off,5\nc.mp4,,,,\n"
        try Data(list.utf8).write(to: command.file("films/list.csv"))
        let result = try batch(command, "films/list.csv", "-o", "out", "--report", "report.json")
        #expect(result.code == 0, "\(result)")
        #expect(names(command.file("out")) == ["c.mp4", "one", "one/first.mkv"])
        #expect(try report(command).map(\.frames) == [5, 20])

        let lines = "{\"input\": \"c.mp4\", \"output\": \"two.mkv\", \"seed\": 3, \"keep_color\": true}\n"
        try Data(lines.utf8).write(to: command.file("films/list.jsonl"))
        #expect(try batch(command, "films/list.jsonl", "-o", "out").code == 0)
        #expect(try Tool.frames(command.file("out/two.mkv")).count == 20)

        let wrong = [
            ("input,strength\nc.mp4,2\n", "entry 1 of 'wrong.csv': '2' is no strength"),
            ("input,colour\nc.mp4,red\n", "there is no option 'colour'"), ("film\nc.mp4\n", "has no 'input'"),
            ("input\n\"c.mp4\n", "a quote in 'wrong.csv' has no end"),
        ]
        for (text, sentence) in wrong {
            try Data(text.utf8).write(to: command.file("wrong.csv"))
            let result = try batch(command, "wrong.csv", "-o", "out")
            #expect(result.code != 0 && result.errorOutput.contains(sentence), "\(result.errorOutput)")
        }
        #expect(try batch(command, "films", "-o", "films").errorOutput.contains("the names of their inputs"))
    }

    @Test("a watched folder's files are taken once they have stopped growing")
    func watching() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try FileManager.default.createDirectory(at: command.file("inbox"), withIntermediateDirectories: true)
        let running = try command.start(["batch", "inbox", "-o", "out", "--watch", "--report", "report.json"])
        let bytes = try Clip.film.bytes
        let film = command.file("inbox/film.mkv")
        try bytes.prefix(bytes.count / 2).write(to: film)
        sleep(1)
        try bytes.write(to: film)
        #expect(
            running.waitForErrorOutput(timeout: 60) { $0.contains("film.mkv: 20 frames") }, "\(running.errorOutput)")
        try Clip.photo.copy(to: command.file("inbox/photo.jpg"))
        #expect(running.waitForErrorOutput(timeout: 60) { $0.contains("photo.jpg: 1 frame") })
        running.send(SIGINT)
        let result = try running.wait()
        #expect(result.code == 0 && result.errorOutput.contains("2 done"), "\(result)")
        #expect(try report(command).map(\.state) == ["done", "done"])
    }
}
