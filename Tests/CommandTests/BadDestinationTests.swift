import Foundation
import Testing

private let film: @Sendable (BuiltCommand) throws -> Void = { try Clip.film.copy(to: $0.file("in.mkv")) }

private let isItself = "give another name with -o: the original is never replaced"

@Suite(
    "Bad destinations", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct BadDestinationTests {
    static let refusals: [Refusal] = [
        Refusal(
            id: "no such folder", arguments: ["stylize", "in.mkv", "-o", "no/out.mp4"], code: 73,
            error: "cannot create 'no/out.mp4': there is no folder 'no'", hint: "make it first: mkdir -p 'no'",
            prepare: film),
        Refusal(
            id: "a file in place of the folder", arguments: ["stylize", "in.mkv", "-o", "in.mkv/out.mp4"], code: 73,
            error: "cannot create 'in.mkv/out.mp4': 'in.mkv' is no folder", hint: "choose another place with -o",
            prepare: film),
        Refusal(
            id: "exists", arguments: ["stylize", "in.mkv", "-o", "out.mp4"], code: 73,
            error: "'out.mp4' exists already", hint: "give --overwrite, or another name with -o",
            prepare: {
                try film($0)
                try Data("precious".utf8).write(to: $0.file("out.mp4"))
            }),
        Refusal(
            id: "exists in a folder", arguments: ["stylize", "in.mkv", "-o", "drawn"], code: 73,
            error: "'drawn/in.mkv' exists already", hint: "give --overwrite, or another name with -o",
            prepare: { command in
                try film(command)
                try FileManager.default.createDirectory(at: command.file("drawn"), withIntermediateDirectories: true)
                try Data("precious".utf8).write(to: command.file("drawn/in.mkv"))
            }),
        Refusal(
            id: "numbered pictures exist", arguments: ["stylize", "in.mkv", "-o", "%03d.png"], code: 73,
            error: "'007.png' exists already", hint: "give --overwrite, or another name with -o",
            prepare: {
                try film($0)
                try Data("precious".utf8).write(to: $0.file("007.png"))
            }),
        Refusal(
            id: "the input itself", arguments: ["stylize", "in.mkv", "-o", "in.mkv", "--overwrite"], code: 64,
            error: "'in.mkv' is the input itself", hint: isItself, prepare: film),
        Refusal(
            id: "the input itself, by another path",
            arguments: ["stylize", "in.mkv", "-o", "./in.mkv", "--overwrite"], code: 64,
            error: "'./in.mkv' is the input itself", hint: isItself, prepare: film),
        Refusal(
            id: "the input through a symbolic link",
            arguments: ["stylize", "in.mkv", "-o", "link.mkv", "--overwrite"], code: 64,
            error: "'link.mkv' is the input itself", hint: isItself,
            prepare: {
                try film($0)
                try FileManager.default.createSymbolicLink(
                    atPath: $0.file("link.mkv").path, withDestinationPath: "in.mkv")
            }),
        Refusal(
            id: "the input through a hard link",
            arguments: ["stylize", "in.mkv", "-o", "link.mkv", "--overwrite"], code: 64,
            error: "'link.mkv' is the input itself", hint: isItself,
            prepare: {
                try film($0)
                try FileManager.default.linkItem(at: $0.file("in.mkv"), to: $0.file("link.mkv"))
            }),
        Refusal(
            id: "the numbered input itself",
            arguments: ["stylize", "%03d.png", "-o", "%03d.png", "--overwrite"], code: 64,
            error: "'%03d.png' is the input itself", hint: isItself,
            prepare: { try Clip.picture.copy(to: $0.file("001.png")) }),
        Refusal(
            id: "unknown extension", arguments: ["stylize", "in.mkv", "-o", "out.xyz"], code: 64,
            error: "no video container is named .xyz",
            hint: "name the output .mp4, .mkv, .mov, .webm, .gif, .png or .jpg", prepare: film),
        Refusal(
            id: "no extension, one letter", arguments: ["stylize", "in.mkv", "-o", "o"], code: 64,
            error: "'o' has no extension to tell the container from",
            hint: "name the output .mp4, .mkv, .mov, .webm, .gif, .png or .jpg", prepare: film),
        Refusal(
            id: "a container of sound", arguments: ["stylize", "in.mkv", "-o", "out.wav"], code: 64,
            error: "no video container is named .wav",
            hint: "name the output .mp4, .mkv, .mov, .webm, .gif, .png or .jpg", prepare: film),
        Refusal(
            id: "unknown container", arguments: ["stylize", "in.mkv", "-o", "out.mkv", "--container", "nope"],
            code: 64, error: "unknown container 'nope'", hint: "try mp4, matroska, mov, webm, gif or mpegts",
            prepare: film),
        Refusal(
            id: "a film into one picture", arguments: ["stylize", "in.mkv", "-o", "out.png"], code: 64,
            error: "'out.png' holds one picture, but 'in.mkv' has many",
            hint: "add --frames 1, or number them: out-%04d.png", prepare: film),
        Refusal(
            id: "several inputs into one file", arguments: ["stylize", "in.mkv", "b.mkv", "-o", "out.mp4"], code: 64,
            error: "several inputs cannot go to the one file 'out.mp4'",
            hint: "end it with a slash to make it a folder: -o 'out.mp4/'", prepare: film),
        Refusal(
            id: "two results of one name",
            arguments: ["stylize", "a/clip.avi", "b/clip.mkv", "-o", "drawn/"], code: 64,
            error: "'a/clip.avi' and 'b/clip.mkv' would both become 'drawn/clip.mkv'",
            hint: "draw them one after the other, into different folders"),
        Refusal(
            id: "an input twice", arguments: ["stylize", "in.mkv", "./in.mkv", "in.mkv", "-o", "drawn/"], code: 64,
            error: "'in.mkv' and './in.mkv' would both become 'drawn/in.mkv'",
            hint: "draw them one after the other, into different folders", prepare: film),
        Refusal(
            id: "a folder into itself", arguments: ["stylize", "photos/", "-o", "photos/", "--overwrite"], code: 64,
            error: "drawing 'photos/one.png' would replace the input 'photos/one.png'",
            hint: "name another folder with -o: the originals are never replaced",
            prepare: { command in
                try FileManager.default.createDirectory(at: command.file("photos"), withIntermediateDirectories: true)
                try Clip.picture.copy(to: command.file("photos/one.png"))
                try Clip.picture.copy(to: command.file("photos/two.png"))
            }),
        Refusal(
            id: "a folder without a folder to go to", arguments: ["stylize", "photos"], code: 64,
            error: "a folder of drawings needs a folder to go to", hint: "name it with -o, for instance -o drawn/",
            prepare: { command in
                try FileManager.default.createDirectory(at: command.file("photos"), withIntermediateDirectories: true)
                try Clip.picture.copy(to: command.file("photos/one.png"))
            }),
        Refusal(
            id: "a folder that would have been made",
            arguments: ["stylize", "in.mkv", "-o", "new/", "--encoder", "nope"], code: 64,
            error: "this FFmpeg has no encoder 'nope'", hint: "`ffmpeg -encoders` lists …", prepare: film),
        Refusal(
            id: "a full device", arguments: ["stylize", "in.mkv", "-o", "/dev/full", "--container", "matroska"],
            code: 74, error: "cannot write '/dev/full': no space left on device (…)",
            hint: "free some space, or write to another disk", prepare: film),
        Refusal(
            id: "H.264 in WebM", arguments: ["stylize", "in.mkv", "-o", "out.webm", "--encoder", "libx264"], code: 73,
            error: "cannot begin 'out.webm': invalid argument (avformat_write_header; Only VP8 or VP9 or AV1 …)",
            hint: "an .mkv output can hold nearly everything", prepare: film),
        Refusal(
            id: "a comparison over its second input",
            arguments: ["compare", "in.mkv", "b.mkv", "-o", "b.mkv", "--overwrite"], code: 64,
            error: "'b.mkv' is the input itself", hint: isItself,
            prepare: {
                try film($0)
                try Clip.film.copy(to: $0.file("b.mkv"))
            }),
    ]

    @Test("a destination that cannot be is refused in a sentence and nothing is touched", arguments: refusals)
    func refusal(_ wrong: Refusal) throws { try wrong.check() }

    @Test("a folder that may not be written is said to be so")
    func readOnlyFolder() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try film(command)
        let folder = command.file("drawn")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        guard let launcher = OtherUser.launcher else { return }
        try Refusal(
            id: "read-only folder", arguments: ["stylize", "in.mkv", "-o", "drawn/out.mkv"], code: 73,
            error: "cannot create 'drawn/out.mkv': the folder 'drawn' is not writable",
            hint: "choose another place with -o"
        ).check(in: command, launcher: launcher)
    }

    private static let isSuperuser = getuid() == 0

    @Test(
        "a disk that fills up on the way ends the run promptly and leaves nothing",
        .enabled(if: isSuperuser, "only the superuser can mount a small disk"), arguments: ["mkv", "mp4"])
    func fullDisk(container: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let disk = command.file("disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        guard try Tool.run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.path]).code == 0 else {
            return  // A container may forbid mounting even to its superuser.
        }
        defer { _ = try? Tool.run("umount", [disk.path]) }
        let result = try command.run(
            ["stylize", Clip.long.url.path, "-o", "disk/out.\(container)", "--crf", "1", "--progress", "none"],
            timeout: 40)
        #expect(result.code == 74)
        let lines = result.errorOutput.split(separator: "\n").map(String.init)
        let expected = "error: cannot write 'disk/out.\(container)': no space left on device (…)"
        #expect(lines.count == 2 && Refusal.matches(lines[0], expected), "\(result.errorOutput)")
        #expect(lines.last == "hint: free some space, or write to another disk")
        #expect(try Refusal.files(in: disk).isEmpty)
    }

    @Test("a pipe as destination is written to, never replaced by a file")
    func pipe() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try film(command)
        let pipe = command.file("out.mkv")
        mkfifo(pipe.path, 0o600)
        let received = command.file("received.mkv")
        let reader = Thread { _ = try? Tool.run("cp", [pipe.path, received.path]) }
        reader.start()
        let result = try command.run("stylize", "in.mkv", "-o", "out.mkv", "--overwrite", "--progress", "none")
        #expect(result.code == 0, "\(result.errorOutput)")
        var status = stat()
        #expect(stat(pipe.path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        while !reader.isFinished { usleep(5_000) }
        #expect(try Tool.frameCount(received) == 20)
    }

    @Test("a file that appears meanwhile is not replaced, and the drawing is kept beside it")
    func takenMeanwhile() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        // Standard input stays open until the destination has been taken.
        let pipe = Pipe()
        let running = try command.start(
            ["stylize", "-", "-o", "out.mkv"], input: pipe.fileHandleForReading)
        let bytes = try Clip.film.bytes
        try pipe.fileHandleForWriting.write(contentsOf: bytes)
        try? pipe.fileHandleForReading.close()
        let hasBegun = running.waitForErrorOutput { _ in
            ((try? Refusal.files(in: command.home))?.keys.contains { $0.contains("unfinished") }) == true
        }
        if hasBegun { try Data("other".utf8).write(to: command.file("out.mkv")) }
        try pipe.fileHandleForWriting.close()
        let result = try running.wait()
        guard hasBegun else { return }  // The whole input is needed before the first picture.
        #expect(result.code == 73)
        #expect(
            result.errorOutput.hasSuffix(
                "error: 'out.mkv' was made by another program meanwhile\nhint: the result is in 'out.partial.mkv'\n"))
        #expect(try Data(contentsOf: command.file("out.mkv")) == Data("other".utf8))
        #expect(try Tool.frameCount(command.file("out.partial.mkv")) == 20)
    }
}
