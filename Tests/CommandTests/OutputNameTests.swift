import Foundation
import Testing

@Suite(
    "Where results go", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct OutputNameTests {
    struct Name: Sendable, CustomTestStringConvertible {
        var clip: Clip
        var input: String
        var output: String
        var arguments: [String] = []
        var testDescription: String { "\(input) \(arguments.joined(separator: " ")) becomes \(output)" }
    }

    static let names = [
        Name(clip: .film, input: "film.mkv", output: "film.anime.mkv"),
        Name(clip: .filmMP4, input: "my.holiday.mp4", output: "my.holiday.anime.mp4"),
        Name(clip: .filmTS, input: "film.ts", output: "film.anime.mkv"),
        Name(clip: .filmAVI, input: "a/b/film.avi", output: "a/b/film.anime.mkv"),
        Name(clip: .photo, input: "photo.jpg", output: "photo.anime.png"),
        Name(clip: .picture, input: "p", output: "p.anime.png"),
        Name(clip: .picture, input: "picture.png", output: "picture.cel.png", arguments: ["-p", "cel:live"]),
        Name(clip: .film, input: "film.mkv", output: "drawn/film.mkv", arguments: ["-o", "drawn/"]),
        Name(clip: .filmTS, input: "film.ts", output: "drawn/deep/film.mkv", arguments: ["-o", "drawn/deep/"]),
        Name(
            clip: .film, input: "film.mkv", output: "frame.png",
            arguments: ["-o", "frame.png", "--start", "1", "--frames", "1"]),
    ]

    @Test("a result is named after its input, its preset and its place", arguments: names)
    func name(_ name: Name) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let input = command.file(name.input)
        try FileManager.default.createDirectory(
            at: input.deletingLastPathComponent(), withIntermediateDirectories: true)
        try name.clip.copy(to: input)
        let isSequence = name.arguments.first?.contains("%") == true
        let result = try command.run(
            ["stylize"] + (isSequence ? [] : [name.input]) + name.arguments + ["--progress", "none"])
        #expect(result.code == 0 && result.output == "", "\(result.errorOutput)")
        let files = try Refusal.files(in: command.home).filter { $0.value >= 0 }.keys.sorted()
        #expect(files == [name.input, name.output].sorted())
        #expect(try Tool.frameCount(command.file(name.output)) > 0)
    }

    @Test("a numbered sequence becomes a film beside its folder")
    func sequence() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try FileManager.default.createDirectory(at: command.file("frames"), withIntermediateDirectories: true)
        for number in 1...3 { try Clip.picture.copy(to: command.file("frames/00\(number).png")) }
        let result = try command.run("stylize", "frames/%03d.png", "--progress", "none")
        #expect(result.code == 0 && result.output == "", "\(result.errorOutput)")
        #expect(try Tool.frameCount(command.file("frames.anime.mkv")) == 3)
    }

    @Test("a folder is drawn file by file, pictures as PNG, and what is no picture is passed over")
    func folder() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let photos = command.file("photos")
        try FileManager.default.createDirectory(
            at: photos.appendingPathComponent("older"), withIntermediateDirectories: true)
        try Clip.photo.copy(to: photos.appendingPathComponent("one.jpg"))
        try Clip.picture.copy(to: photos.appendingPathComponent("two.png"))
        try Clip.film.copy(to: photos.appendingPathComponent("three.mkv"))
        try Data("not a picture".utf8).write(to: photos.appendingPathComponent("notes.txt"))
        try Data("nor this".utf8).write(to: photos.appendingPathComponent(".hidden.png"))
        let result = try command.run("stylize", "photos/", "-o", "drawn/")
        #expect(result.code == 0 && result.output == "", "\(result.errorOutput)")
        #expect(result.errorOutput.contains("'photos/notes.txt' is passed over: not named like a video or picture\n"))
        #expect(result.errorOutput.contains("'photos/older' is passed over: a folder in a folder\n"))
        let drawn = try Refusal.files(in: command.file("drawn")).keys.sorted()
        #expect(drawn == ["one.png", "three.mkv", "two.png"])
        #expect(try Tool.frameCount(command.file("drawn/three.mkv")) == 20)
    }

    @Test("one bad input of several does not keep the others from being drawn")
    func oneOfSeveral() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try Clip.photo.copy(to: command.file("one.jpg"))
        try Data("not a picture".utf8).write(to: command.file("two.jpg"))
        try Clip.picture.copy(to: command.file("three.png"))
        let result = try command.run(
            "stylize", "one.jpg", "two.jpg", "three.png", "-o", "drawn/", "--progress", "none")
        #expect(result.code == 65)
        #expect(try Refusal.files(in: command.file("drawn")).keys.sorted() == ["one.png", "three.png"])
        let lines = result.errorOutput.split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        #expect(
            Refusal.matches(
                lines[0], "warning: 'two.jpg' is skipped: the video of 'two.jpg' cannot be read: its size is unknown"))
        #expect(lines[1] == "error: 1 of 3 inputs could not be drawn")
    }
}
