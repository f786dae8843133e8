import Foundation
import Testing

@Suite(
    "The same frames", .enabled(if: Clip.hasFFmpeg, "ffmpeg counts the frames' hashes"), .onOwnThreads,
    .timeLimit(.minutes(30)))
struct SameFramesTests {
    @Test("the same input gives the same frames, whatever the number of streams, run after run")
    func streams() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let reference = try hashes(command, "--streams", "1")
        #expect(reference.count == 20)
        #expect(Set(reference).count == 20, "every frame is another one")
        #expect(try hashes(command, "--streams", "1") == reference)
        #expect(try hashes(command, "--streams", "2") == reference)
        #expect(try hashes(command, "--streams", "3") == reference)
        #expect(try hashes(command) == reference)
        // A network fresh from the compiler and one from the cache are one network.
        let cache = ["XDG_CACHE_HOME": command.file("cache").path]
        #expect(try hashes(command, environment: cache) == reference)
        #expect(try hashes(command, environment: cache) == reference)
    }

    @Test("another seed draws otherwise, and strength 0 is the original")
    func seedAndStrength() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let reference = try hashes(command)
        #expect(try hashes(command, "--seed", "0") == reference)
        #expect(try hashes(command, "--seed", "1") != reference)
        let original = try hashes(command, "--strength", "0", "--smoothing", "off")
        #expect(original != reference)
        #expect(try hashes(command, "--strength", "0") == original)
    }

    /// What goes into the encoder, frame by frame.
    private func hashes(
        _ command: BuiltCommand, _ arguments: String..., environment: [String: String] = [:]
    ) throws -> [String] {
        let result = try command.run(
            ["stylize", Clip.film.url.path, "-o", "out.mkv", "--encoder", "ffv1", "--no-audio", "--overwrite"]
                + ["--progress", "none"] + arguments, environment: environment)
        #expect(result.code == 0 && result.errorOutput == "", "\(result.errorOutput)")
        return try Tool.frames(command.file("out.mkv"))
    }
}
