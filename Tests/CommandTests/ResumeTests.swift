import Foundation
import Testing

/// `sakuga stylize --resume`: what is drawn outlives the program, and is the same as without.
@Suite(
    "Resuming", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct ResumeTests {
    private static let kills = ProcessInfo.processInfo.environment["SAKUGA_LONG_TESTS"] == nil ? 8 : 50

    private func draw(
        _ command: BuiltCommand, _ output: String, _ arguments: String..., input: Clip = .scenes
    ) throws -> BuiltCommand.Result {
        try command.run(
            ["stylize", input.url.path, "-o", output, "--progress", "none"] + arguments, timeout: 120)
    }

    /// Starts a drawing, waits until `condition` holds of the folder of segments, and kills it.
    private func kill(_ command: BuiltCommand, when condition: ([String]) -> Bool) throws {
        let running = try command.start(
            ["stylize", Clip.scenes.url.path, "-o", "film.mp4", "--resume", "--progress", "none"])
        let folder = command.file("film.mp4.render").path
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []) {
            guard ContinuousClock.now < deadline, !FileManager.default.fileExists(atPath: command.file("film.mp4").path)
            else { break }
            usleep(2_000)
        }
        running.send(SIGKILL)
        _ = try running.wait(timeout: 10)
    }

    @Test("killed at any moment, the next run goes on, and every frame, time and sound is that of one run")
    func killed() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let whole = try draw(command, "whole.mp4")
        #expect(whole.code == 0, "\(whole.errorOutput)")
        let film = command.file("film.mp4")
        var kills = 0
        while kills < Self.kills {
            let running = try command.start(
                ["stylize", Clip.scenes.url.path, "-o", "film.mp4", "--resume", "--overwrite", "--progress", "none"])
            usleep(UInt32.random(in: 0...1_200_000))
            running.send(SIGKILL)
            kills += try running.wait(timeout: 10).wasKilled ? 1 : 0
            // What stands under the film's name is whole at every moment.
            if FileManager.default.fileExists(atPath: film.path) {
                #expect(try Tool.frames(film) == Tool.frames(command.file("whole.mp4")))
                try FileManager.default.removeItem(at: film)
            }
        }
        let last = try draw(command, "film.mp4", "--resume")
        #expect(last.code == 0, "\(last.errorOutput)")
        #expect(try Tool.frames(film) == Tool.frames(command.file("whole.mp4")))
        #expect(try Tool.frames(film).count == 400)
        #expect(try Tool.frames(film, stream: "0:a") == Tool.frames(command.file("whole.mp4"), stream: "0:a"))
        let left = try FileManager.default.contentsOfDirectory(atPath: command.home.path)
        #expect(left.filter { $0.hasSuffix(".render") } == [], "the segments are gone when the film is there")
    }

    @Test("a segment that is drawn is not drawn again, unless it is damaged")
    func trusted() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        #expect(try draw(command, "whole.mp4").code == 0)
        let folder = command.file("film.mp4.render")
        let first = folder.appendingPathComponent("00000.packets")
        for _ in 0..<5 where !FileManager.default.fileExists(atPath: first.path) {
            // On a busy machine the film may be there before it is killed.
            try? FileManager.default.removeItem(at: command.file("film.mp4"))
            try kill(command) { $0.contains("00001.json") }
        }
        func number() throws -> UInt64? {
            try FileManager.default.attributesOfItem(atPath: first.path)[.systemFileNumber] as? UInt64
        }
        let before = try number()
        try kill(command) { $0.contains("00002.json") }
        #expect(try number() == before, "the first segment's file is still the same one")

        var bytes = try Data(contentsOf: first)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: first)
        let result = try draw(command, "film.mp4", "--resume")
        #expect(result.code == 0, "\(result.errorOutput)")
        #expect(try Tool.frames(command.file("film.mp4")) == Tool.frames(command.file("whole.mp4")))
    }

    @Test("other options begin anew")
    func otherOptions() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        #expect(try draw(command, "whole.mp4", "--seed", "3").code == 0)
        try kill(command) { $0.contains("00000.json") }
        #expect(try draw(command, "film.mp4", "--resume", "--seed", "3").code == 0)
        #expect(try Tool.frames(command.file("film.mp4")) == Tool.frames(command.file("whole.mp4")))
    }

    @Test("what cannot be resumed is drawn as ever, and two runs do not meet")
    func refused() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        // A picture is drawn as ever: there is nothing to go on with.
        #expect(try draw(command, "picture.png", "--resume", input: .picture).code == 0)
        let frames = try draw(command, "frames-%03d.png", "--resume")
        #expect(frames.code == 0 && frames.errorOutput.contains("cannot be resumed"), "\(frames)")
        let running = try command.start(
            ["stylize", Clip.long.url.path, "-o", "film.mp4", "--resume", "--progress", "none"])
        let plan = command.file("film.mp4.render/plan.json").path
        let deadline = ContinuousClock.now + .seconds(30)
        while !FileManager.default.fileExists(atPath: plan), ContinuousClock.now < deadline { usleep(5_000) }
        let second = try draw(command, "film.mp4", "--resume", input: .long)
        #expect(second.code != 0 && second.errorOutput.contains("another sakuga is drawing into"), "\(second)")
        running.send(SIGINT)
        let stopped = try running.wait()
        #expect(stopped.code == 130 && stopped.errorOutput.contains("goes on from what is drawn"), "\(stopped)")
        #expect(!FileManager.default.fileExists(atPath: command.file("film.mp4").path))
    }

    @Test("where a segment begins within a scene, the picture is as still as beside it")
    func seam() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        func ffmpeg(_ arguments: String...) throws {
            let result = try Tool.run("ffmpeg", ["-v", "error", "-y"] + arguments)
            #expect(result.code == 0, "\(result.errorOutput)")
        }
        // A scene of real footage, to and fro, so long that a segment ends at picture 240.
        let clip = BuiltCommand.package.appendingPathComponent("samples/clip.mp4").path
        try ffmpeg(
            "-i", clip, "-filter_complex",
            "[0:v]trim=end_frame=70,setpts=PTS-STARTPTS,scale=320:-2,split=4[a][b][c][d];[b]reverse[e];[d]reverse[f];"
                + "[a][e][c][f]concat=n=4", "-an", "-c:v", "ffv1", command.file("in.mkv").path)
        let drawn = try command.run(
            ["stylize", "in.mkv", "-o", "drawn.mkv", "--encoder", "ffv1", "--progress", "none"], timeout: 120)
        #expect(drawn.code == 0, "\(drawn.errorOutput)")
        struct Figures: Decodable {
            struct Stability: Decodable {
                var warpingError: Double
                var calmWarpingError: Double
            }
            var stability: Stability
        }
        var errors: [Int: Figures.Stability] = [:]
        for number in 234...246 {
            for name in ["in", "drawn"] {
                try ffmpeg(
                    "-i", command.file("\(name).mkv").path, "-vf",
                    "trim=start_frame=\(number - 1):end_frame=\(number + 1),setpts=PTS-STARTPTS", "-c:v", "ffv1",
                    command.file("\(name)-pair.mkv").path)
            }
            let said = try command.run("evaluate", "in-pair.mkv", "drawn-pair.mkv", "--json")
            errors[number] = try JSONDecoder().decode(Figures.self, from: said.outputBytes).stability
        }
        let across = try #require(errors[240])
        errors[240] = nil
        let beside = errors.values
        #expect(across.warpingError <= beside.map(\.warpingError).max()!, "\(across), beside it \(beside)")
        // Where nothing moves, smoothing remembers longest: a trace of its new beginning is left.
        #expect(across.calmWarpingError <= 1.25 * beside.map(\.calmWarpingError).max()!, "\(across)")
    }
}
