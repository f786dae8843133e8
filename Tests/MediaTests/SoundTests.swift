import Foundation
import Frames
import Media
import Support
import Testing

@Suite("Converted sound") struct SoundTests {
    private static let click = "aevalsrc='0.8*lt(mod(t+0.3\\,0.5)\\,0.002)"

    /// Where the first click comes, in seconds after the first picture.
    private static func firstClick(_ file: URL) throws -> Double {
        let sound = try Sound(file, rate: 48000)
        let click = try #require(sound.firstLoud)
        return sound.start + Double(click) / 48000 - (try Probe(file).times(of: 0).first ?? 0)
    }

    @Test(
        "every layout and rate keeps its length and its place",
        arguments: [
            ("mono", 44100), ("stereo", 48000), ("5.1", 48000), ("5.1(side)", 48000), ("7.1", 48000), ("stereo", 22050),
            ("mono", 8000), ("stereo", 96000), ("stereo", 11025), ("3.0", 48000),
        ],
        [("out.mp4", OutputOptions.AudioChoice.aac), ("out.webm", .opus)])
    func keepsLayoutAndRate(_ sound: (String, Int), _ target: (String, OutputOptions.AudioChoice)) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(target.0))
        let channels = Array(
            repeating: "0.8*lt(mod(t+0.3\\,0.5)\\,0.002)",
            count: ["mono": 1, "stereo": 2, "3.0": 3, "7.1": 8][sound.0] ?? 6
        ).joined(separator: "|")
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i aevalsrc=\(channels):c=\(sound.0):s=\(sound.1):d=1 -c:v ffv1 -c:a pcm_s16le"
        )
        var options = OutputOptions.encoder(
            target.0.hasSuffix("webm") ? "libvpx" : "libx264",
            target.0.hasSuffix("webm") ? ["cpu-used": "8"] : ["preset": "ultrafast"])
        options.audio = target.1
        try Redrawing(input, to: output, output: options)
        let stream = try #require(try Probe(output).streams("audio").first)
        #expect(stream.channels == channels.split(separator: "|").count)
        let decoded = try Sound(output, rate: 48000)
        // MP4 says where the sound ends; the last packet is whole, and may be preceded by what swings in.
        if target.0.hasSuffix("mp4") { #expect(abs(Double(stream.duration ?? "")! - 1) < 0.0005) }
        #expect(abs(decoded.count - 48000) <= 3200, "\(decoded.count)")
        let expected = Double(try #require(try Sound(input, rate: 48000).firstLoud)) / 48000
        #expect(abs(try Self.firstClick(output) - expected) < 0.0015)
    }

    @Test(
        "sound that begins earlier or later stays there", arguments: [-0.2, 0.15, 0.0],
        ["out.mp4", "out.mkv", "out.webm", "out.mov", "out.ts"])
    func keepsOffset(_ delay: Double, _ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(name))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -itsoffset \(delay) -f lavfi -i \(Self.click)':s=48000:d=1 -c:v libx264 -bf 2 -preset ultrafast -c:a pcm_s16le"
        )
        var options = OutputOptions()
        options.audio = name.hasSuffix("webm") ? .opus : .aac
        try Redrawing(input, to: output, output: options)
        #expect(abs(try Self.firstClick(output) - Self.firstClick(input)) < 0.0015)
    }

    @Test("a gap in the sound stays a gap", arguments: ["out.mp4", "out.mkv"])
    func keepsGaps(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(name))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=3 -f lavfi -i aevalsrc='0.8*between(t\\,2\\,2.002)':s=48000:d=3:n=480,aselect='not(between(t\\,0.5\\,0.75)+between(t\\,1\\,1.04))'",
            "-c:v libx264 -preset ultrafast -c:a pcm_s16le")
        var options = OutputOptions()
        options.audio = .aac
        try Redrawing(input, to: output, output: options)
        #expect(abs(try Self.firstClick(output) - 2) < 0.0015)
    }

    @Test("sound whose channels have no names is converted", arguments: [1, 2, 4, 6])
    func takesUnnamedChannels(_ channels: Int) throws {
        let folder = try TemporaryFolder()
        let (raw, input, output) = (folder.file("a.raw"), folder.file("in.mkv"), folder.file("out.mp4"))
        try Data(count: 2 * channels * 24000).write(to: raw)
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=0.5 -f s16le -ar 48000 -ac \(channels) -guess_layout_max 0 -i \(raw.path) -c:a copy -c:v ffv1"
        )
        try Redrawing(input, to: output)
        let stream = try #require(try Probe(output).streams("audio").first)
        #expect(stream.codecName == "aac" && stream.channels == channels)
    }

    @Test("damaged sound does not end the picture")
    func survivesDamagedSound() throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.ts"), folder.file("out.webm"))
        try MediaTool.make(
            folder.file("w.ts"),
            "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=d=2:r=48000 -c:v mpeg2video -c:a ac3")
        var data = try Data(contentsOf: folder.file("w.ts"))
        for at in stride(from: 3000, to: data.count, by: 3517) { data[at] ^= 0x55 }
        try data.write(to: input)
        let run = try Redrawing(input, to: output, output: .encoder("libvpx", ["cpu-used": "8"]))
        #expect(run.frames >= 45)
    }

    @Test("sound that changes its format on the way is converted to the end")
    func survivesChangedSound() throws {
        let folder = try TemporaryFolder()
        let (a, b, input, output) = (
            folder.file("a.ts"), folder.file("b.ts"), folder.file("in.ts"), folder.file("out.mkv")
        )
        try MediaTool.make(
            a, "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1:r=48000 -c:v mpeg2video -c:a ac3 -ac 2")
        try MediaTool.make(
            b,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1:r=48000 -c:v mpeg2video -c:a ac3 -ac 6 -output_ts_offset 1"
        )
        try (Data(contentsOf: a) + Data(contentsOf: b)).write(to: input)
        var options = OutputOptions()
        options.audio = .aac
        let run = try Redrawing(input, to: output, output: options)
        #expect(run.frames == 50)
        let sound = try Sound(output, rate: 48000)
        #expect(abs(Double(sound.count) / 48000 - 2) < 0.1)
    }
}
