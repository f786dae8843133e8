import Foundation
import Testing

private let film: @Sendable (BuiltCommand) throws -> Void = { try Clip.film.copy(to: $0.file("in.mkv")) }

/// An option that makes no sense, on a film that could be drawn.
private func wrong(
    _ arguments: String..., code: Int32 = 64, error: String, hint: String? = "see 'sakuga stylize --help'",
    output: String = "out.mkv"
) -> Refusal {
    Refusal(
        id: arguments.joined(separator: " "), arguments: ["stylize", "in.mkv", "-o", output] + arguments, code: code,
        error: error, hint: hint, prepare: film)
}

@Suite("Bad options", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the films"), .onOwnThreads, .timeLimit(.minutes(30)))
struct BadOptionTests {
    private static let time = "give seconds or [HH:]MM:SS[.mmm], for example 1:05.5"
    private static let pixels = "give width and height in pixels, for example 1280x720"

    static let refusals: [Refusal] = [
        // What ArgumentParser finds.
        Refusal(
            id: "unknown option", arguments: ["stylize", "in.mkv", "--colour"], code: 64,
            error: "unknown option '--colour'", hint: "…"),
        Refusal(
            id: "no input", arguments: ["stylize"], code: 64, error: "missing expected argument '<inputs> ...'",
            hint: "see 'sakuga stylize --help'"),
        wrong("--preset", error: "…", hint: "…"),
        wrong("--size", "abc", error: "the value 'abc' is invalid for '--size <size>'", hint: pixels),
        wrong("--size", "0x0", error: "the value '0x0' is invalid for '--size <size>'", hint: pixels),
        wrong("--size", "-64x48", error: "the value '-64x48' is invalid for '--size <size>'", hint: pixels),
        wrong("--scale", "0", error: "--scale must be over 0 and at most 8"),
        wrong("--scale", "9", error: "--scale must be over 0 and at most 8"),
        wrong("--scale", "nan", error: "--scale must be over 0 and at most 8"),
        wrong("--scale", "2", "--size", "64x48", error: "give --size or --scale, not both"),
        wrong(
            "--tileable", "--scale", "2",
            error: "give --tileable or a size, not both: change the size of the texture before"),
        wrong("--start", "soon", error: "the value 'soon' is invalid for '--start <start>'", hint: time),
        wrong("--start", "-1", error: "the value '-1' is invalid for '--start <start>'", hint: time),
        wrong("--end", "1:75", error: "the value '1:75' is invalid for '--end <end>'", hint: time),
        wrong("--start", "1", "--end", "0.5", error: "--end must come after --start"),
        wrong("--frames", "0", error: "--frames must be at least 1, not 0"),
        wrong("--frames", "9223372036854775807", error: "--frames must be at most 1000000000"),
        wrong(
            "--start", "1e15", error: "the value '1e15' is invalid for '--start <start>'",
            hint: "give seconds or [HH:]MM:SS[.mmm], for example 1:05.5"),
        wrong("--frames", "-1", error: "--frames must be at least 1, not -1"),
        wrong("--strength", "1.5", error: "--strength must be between 0 and 1, not 1.5"),
        wrong("--strength", "nan", error: "--strength must be between 0 and 1, not nan"),
        wrong("--seed", "-1", error: "the value '-1' is invalid for '--seed <seed>'"),
        wrong("--streams", "0", error: "--streams must be between 1 and 64"),
        wrong("--crf", "-5", error: "--crf must be between 0 and 63, not -5.0"),
        wrong("--crf", "9999", error: "--crf must be between 0 and 63, not 9999.0"),
        wrong("--input-rate", "0", error: "--input-rate must be between 0 and 1000 frames per second"),
        wrong(
            "--precision", "fp8", error: "the value 'fp8' is invalid for '--precision <precision>'",
            hint: "give one of 'auto', 'f32', 'f16' or 'bf16'"),
        wrong(
            "--smoothing", "much", error: "the value 'much' is invalid for '--smoothing <smoothing>'",
            hint: "give one of 'off', 'light' or 'strong'"),
        wrong(
            "--audio", "mp3", error: "the value 'mp3' is invalid for '--audio <audio>'",
            hint: "give one of 'copy', 'aac' or 'opus'"),
        wrong("--no-audio", "--audio", "copy", error: "give --no-audio or --audio, not both"),
        wrong("--encoder-option", "bf", error: "--encoder-option wants NAME=VALUE, not 'bf'"),
        // What only shows with the film in hand.
        wrong(
            "--size", "1x1", error: "cannot draw pictures of 1×1 pixels, sides must be 16 to 8192",
            hint: "draw them larger with --size or --scale"),
        wrong(
            "--size", "99999x99999", error: "cannot draw pictures of 99999×99999 pixels, sides must be 16 to 8192",
            hint: "draw them smaller with --size or --scale"),
        wrong(
            "--scale", "0.01", error: "cannot draw pictures of 2×2 pixels, sides must be 16 to 8192",
            hint: "draw them larger with --size or --scale"),
        wrong(
            "--size", "65x49",
            error: "cannot start the encoder libx264 for 65×49 pictures: generic error in an external library (…)",
            hint: "some encoders want even sides: try --size, or --encoder-option pix_fmt=yuv444p"),
        wrong(
            "--start", "5", error: "no picture of 'in.mkv', which is 2.0… s long, comes at or after 5.00 s",
            hint: "choose an earlier --start"),
        wrong(
            "--start", "1.95", error: "no picture of 'in.mkv', which is 2.0… s long, comes at or after 1.95 s",
            hint: "choose an earlier --start"),
        wrong(
            "--map", "s", error: "--map 's' matches no stream of 'in.mkv'",
            hint: "`sakuga probe` lists its streams"),
        wrong(
            "--map", "-s", error: "--map '-s' matches no stream of 'in.mkv'",
            hint: "`sakuga probe` lists its streams"),
        wrong(
            "--map", "%%", error: "--map '%%' is no stream specifier", hint: "try a, a:1, s or s:m:language:eng"),
        wrong(
            "--encoder", "libx2640", error: "this FFmpeg has no encoder 'libx2640'",
            hint: "`ffmpeg -encoders` lists those there are; libx264, libx265 and libvpx-vp9 are usual"),
        wrong(
            "--encoder", "h263",
            error: "cannot start the encoder h263 for 64×48 pictures: invalid argument (…64x48 is not valid…)",
            hint: nil),
        wrong(
            "--encoder", "mpeg1video", "--size", "4098x64",
            error: "cannot start the encoder mpeg1video for 4098×64 pictures: invalid argument (…4095x4095)",
            hint: nil),
        wrong("--encoder", "aac", error: "'aac' is no video encoder", hint: "try libx264"),
        wrong(
            "--encoder-option", "nonsense=1", error: "the encoder libx264 has no option 'nonsense'",
            hint: "`ffmpeg -h encoder=libx264` lists its options"),
        wrong(
            "--encoder-option", "bf=many",
            error: "cannot start the encoder libx264 for 64×48 pictures: invalid argument (…bf…many…)", hint: nil),
        wrong(
            "--encoder-option", "pix_fmt=nope", error: "the encoder libx264 has no pixel format 'nope'",
            hint: "it takes yuv420p, …"),
        wrong(
            "--encoder-preset", "quick", error: "the encoder libx264 has no preset 'quick'",
            hint: "it has ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, veryslow, placebo"),
        wrong(
            "--encoder", "ffv1", "--crf", "20", error: "the encoder ffv1 knows no --crf",
            hint: "set its quality with --encoder-option q=3"),
        wrong(
            "--device", "NOPE", code: 69, error: "there is no device 'NOPE', OpenVINO found …",
            hint: "give --device …, or leave it out"),
    ]

    @Test("nonsense is refused in a sentence before anything is written", arguments: refusals)
    func refusal(_ wrong: Refusal) throws { try wrong.check() }

    @Test("an unknown command is answered with those there are")
    func unknownCommand() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run("stylise")
        #expect(result.code == 64 && result.output == "")
        #expect(
            result.errorOutput.hasPrefix("error: there is no command 'stylise'\nhint: the commands are: stylize, "))
    }

    @Test("a GPU that is not there is said to be missing")
    func noGPU() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try film(command)
        let result = try command.run("stylize", "in.mkv", "-o", "out.mkv", "--device", "GPU", "--progress", "none")
        if result.code == 0 { return }  // This machine has one.
        #expect(result.code == 69)
        #expect(result.errorOutput.hasPrefix("error: there is no device 'GPU', OpenVINO found "))
    }

    @Test("with --progress json an error is one JSON object")
    func jsonError() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run("stylize", "in.mkv", "--progress", "json")
        #expect(result.code == 66 && result.output == "")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.errorOutput.utf8)) as? [String: Any])
        #expect(object["event"] as? String == "error")
        #expect(object["code"] as? Int == 66)
        #expect(object["message"] as? String == "cannot open 'in.mkv': no such file (avformat_open_input)")
        #expect(object["hint"] as? String == "check the path")
    }
}
