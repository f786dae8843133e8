import Foundation
import Frames
import Media
import Support
import Testing

@Suite("Presentation times") struct TimestampTests {
    /// An input and the encoder and container it is drawn into.
    struct Case: CustomTestStringConvertible, Sendable {
        var input: String
        var make: String
        var output: String
        var encoder: String?
        var options: [String: String] = [:]
        var testDescription: String { "\(input) \(make) → \(output) \(encoder ?? "")" }
    }

    private static let x264 = "-c:v libx264 -preset ultrafast -bf 2 -g 8"

    /// Inputs of every container and codec with B-frames where there are some.
    static let inputs: [Case] = [
        Case(input: "in.mp4", make: "-r 25 \(x264)", output: "out.mp4"),
        Case(input: "in.mp4", make: "-r 30000/1001 \(x264)", output: "out.mp4"),
        Case(input: "in.mkv", make: "-r 24000/1001 \(x264)", output: "out.mkv"),
        Case(input: "in.mov", make: "-r 60000/1001 \(x264)", output: "out.mov"),
        Case(input: "in.mkv", make: "-r 25 \(x264)", output: "out.mp4"),
        Case(input: "in.mp4", make: "-r 25 \(x264)", output: "out.mkv"),
        Case(input: "in.ts", make: "-r 25 \(x264)", output: "out.mp4"),
        Case(input: "in.ts", make: "-r 25 -c:v mpeg2video -bf 2 -g 6", output: "out.mkv"),
        Case(input: "in.avi", make: "-r 25 -c:v mpeg4 -bf 2", output: "out.mp4"),
        Case(input: "in.avi", make: "-r 30 -c:v mjpeg", output: "out.avi"),
        Case(
            input: "in.mp4",
            make: "-r 25 -c:v libx265 -preset ultrafast -x265-params log-level=error:bframes=3:keyint=7:open-gop=1",
            output: "out.mp4"),
        Case(input: "in.webm", make: "-r 30 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime", output: "out.webm"),
        Case(input: "in.mkv", make: "-r 30 -c:v libvpx -threads 1 -cpu-used 8 -deadline realtime", output: "out.mkv"),
        Case(input: "in.flv", make: "-r 25 -c:v flv", output: "out.mp4"),
        Case(input: "in.mov", make: "-r 25 -c:v prores_ks", output: "out.mov"),
        Case(input: "in.nut", make: "-r 25 -c:v ffv1", output: "out.mkv"),
        Case(input: "in.mpg", make: "-r 25 -c:v mpeg2video -bf 2 -g 6", output: "out.mp4"),
        Case(input: "in.mp4", make: "-r 1 -t 12 \(x264)", output: "out.mp4"),
        Case(input: "in.mkv", make: "-r 1000 -frames:v 20 \(x264)", output: "out.mkv"),
        Case(input: "in.gif", make: "-r 10", output: "out.gif"),
        Case(input: "in.gif", make: "-r 25", output: "out.mp4"),
        Case(input: "in.mp4", make: "-r 25 \(x264) -x264-params keyint=8:open-gop=1:bframes=3", output: "out.mp4"),
        Case(input: "in.wmv", make: "-r 25 -c:v wmv2", output: "out.mkv"),
        Case(input: "in.ogv", make: "-r 25 -c:v libtheora", output: "out.mkv"),
        Case(input: "in.mp4", make: "-r 25 \(x264) -video_track_timescale 90000", output: "out.webm"),
        Case(input: "in.y4m", make: "-r 30000/1001", output: "out.mp4"),
    ]

    /// The encoders people choose, each fed the same B-frame clip with 24000/1001 frames a second.
    static let encoders: [Case] = [(String, String, [String: String])]([
        ("libx264", "out.mp4", ["bf": "3"]), ("libx265", "out.mp4", ["x265-params": "bframes=3"]),
        ("libvpx-vp9", "out.webm", ["cpu-used": "8", "auto-alt-ref": "1", "lag-in-frames": "10"]),
        ("libvpx-vp9", "out.mp4", ["cpu-used": "8"]), ("libvpx", "out.webm", ["cpu-used": "8"]),
        ("libsvtav1", "out.mp4", ["preset": "12"]), ("libsvtav1", "out.mkv", ["preset": "12"]),
        ("mpeg4", "out.mp4", ["bf": "2"]), ("mpeg4", "out.avi", [:]), ("prores_ks", "out.mov", [:]),
        ("ffv1", "out.mkv", [:]), ("mjpeg", "out.mov", [:]), ("mpeg2video", "out.ts", ["bf": "2"]),
        ("libx264", "out.ts", ["bf": "2"]), ("libx264", "out.mkv", ["bf": "3", "x264-params": "open-gop=1:keyint=6"]),
        ("libx264", "out.avi", [:]), ("qtrle", "out.mov", [:]), ("gif", "out.gif", [:]), ("apng", "out.apng", [:]),
        ("libx264rgb", "out.mkv", [:]), ("png", "out.mov", [:]),
    ]).map {
        Case(input: "in.mkv", make: "-r 24000/1001 \(x264)", output: $0.1, encoder: $0.0, options: $0.2)
    }

    @Test("every frame of every format keeps its time", arguments: inputs + encoders)
    func keepsTimes(_ test: Case) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file(test.input), folder.file(test.output))
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x64:d=0.8:r=50 -vf fps=fps=50 \(test.make)")
        var options = OutputOptions()
        options.encoder.name = test.encoder
        options.encoder.options = test.options
        if test.encoder == nil, !test.output.hasSuffix("gif") {
            options.encoder.preset = test.output.hasSuffix("webm") ? nil : "ultrafast"
        }
        var times: [Double] = []
        let run = try Redrawing(input, to: output, output: options) { times.append($0.timestamp.seconds) }
        #expect(run.damage.isClean, "\(run.damage)")
        let before = try Probe(input)
        let after = try Probe(output)
        let start = Double(before.format.startTime ?? "0") ?? 0
        let expected = before.times(of: 0).map { $0 - start }
        let shown = after.times(of: 0, decoding: test.output.hasSuffix("avi"))
        let stored = shown.map { $0 - (test.output.hasSuffix("ts") ? (shown.first ?? 0) - expected[0] : 0) }
        // A container's own ticks are the limit; AVI holds no presentation times, so its frames were counted.
        let tick =
            ["mkv", "avi"].contains { test.output.hasSuffix($0) } || test.output.hasSuffix("webm")
            ? 0.0011 : test.output.hasSuffix("gif") ? 0.0101 : 0.0001
        if !before.times(of: 0).isEmpty, before.times(of: 0).count == run.frames {
            #expect(largestDifference(times, expected) < 0.0011, "\(times) \(expected)")
        }
        #expect(largestDifference(stored, times) < tick, "\(stored) \(times)")
        let counted = try MediaTool.probe(input, "stream=nb_read_frames", streams: "v:0", count: true)
        #expect(counted.first.map { $0.prefix { $0 != "," } } == "\(run.frames)")
        let packets = after.packets(of: 0).compactMap { packet in packet.dtsTime.flatMap(Double.init) }
        #expect(zip(packets, packets.dropFirst()).allSatisfy { $0 < $1 }, "decoding times rise")
        for packet in after.packets(of: 0) {
            guard let pts = packet.ptsTime.flatMap(Double.init), let dts = packet.dtsTime.flatMap(Double.init) else {
                continue
            }
            #expect(dts <= pts + 1e-6)
        }
    }

    // MARK: Uneven times

    @Test(
        "a variable frame rate stays as it is",
        arguments: [
            ("in.mkv", "out.mkv"), ("in.mkv", "out.mp4"), ("in.mp4", "out.mp4"), ("in.mp4", "out.mov"),
            ("in.mp4", "out.webm"), ("in.webm", "out.mp4"), ("in.nut", "out.mp4"),
        ])
    func keepsVariableRate(_ names: (String, String)) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file(names.0), folder.file(names.1))
        // Steps of 40 to 400 ms, a long hold at the end.
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -vf settb=1/90000,setpts=(N*40+mod(N*N\\,7)*13+gte(N\\,20)*700)/1000/TB",
            "-vsync vfr -enc_time_base 1:90000",
            names.0.hasSuffix("webm")
                ? "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime" : "-c:v libx264 -preset ultrafast -bf 2 -g 8")
        let run = try Redrawing(input, to: output)
        let (before, after) = (try Probe(input), try Probe(output))
        #expect(run.frames == 25)
        let start = Double(before.format.startTime ?? "0") ?? 0
        let tick = names.1.hasSuffix("mp4") || names.1.hasSuffix("mov") ? 0.0001 : 0.0011
        #expect(largestDifference(after.times(of: 0), before.times(of: 0).map { $0 - start }) < tick)
    }

    @Test(
        "a timeline that does not begin at zero keeps the distance between sound and picture",
        arguments: [
            ("in.mkv", "-output_ts_offset 5", "out.mp4"), ("in.ts", "-output_ts_offset 3", "out.mkv"),
            ("in.mkv", "-output_ts_offset 2", "out.mkv"), ("in.ts", "", "out.mp4"),
            ("in.mov", "-output_ts_offset 1", "out.mp4"), ("in.mp4", "", "out.mkv"), ("in.mp4", "", "out.mp4"),
            ("in.mp4", "", "out.mov"), ("in.mp4", "", "out.ts"),
        ], [0, 0.3, -0.25])
    func keepsOffset(_ names: (String, String, String), _ delay: Double) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file(names.0), folder.file(names.2))
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -itsoffset \(delay) -f lavfi -i sine=d=1:r=48000",
            "-c:v libx264 -preset ultrafast -bf 2 -c:a aac -avoid_negative_ts make_zero \(names.1)")
        let run = try Redrawing(input, to: output)
        let (before, after) = (try Probe(input), try Probe(output))
        #expect(run.frames == 25)
        func offset(_ probe: Probe) throws -> Double {
            let sound = try #require(probe.streams("audio").first)
            return try #require(probe.times(of: sound.index).first) - probe.times(of: probe.video.index)[0]
        }
        #expect(abs(try offset(before) - offset(after)) < 0.0011)
        // Every packet of sound is there, byte for byte.
        let hashes = try [input, output].map { try MediaTool.streamHash($0, "a:0") }
        if names.0.hasSuffix("ts") == names.2.hasSuffix("ts") { #expect(hashes[0] == hashes[1]) }
    }

    @Test("an edit list that cuts the beginning is honoured")
    func honoursEditLists() throws {
        let folder = try TemporaryFolder()
        let (whole, cut, output) = (folder.file("whole.mp4"), folder.file("cut.mp4"), folder.file("out.mp4"))
        try MediaTool.make(whole, "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -c:v libx264 -preset ultrafast -bf 2 -g 50")
        // Copying from the middle of a group of pictures leaves the beginning in the file, hidden by an edit list.
        try MediaTool.make(cut, "-ss 0.5 -i \(whole.path) -c copy")
        let run = try Redrawing(cut, to: output)
        let counted = try MediaTool.frameHashes(cut).count
        #expect(run.frames == counted)
        #expect(try Probe(output).times(of: 0).count == counted)
    }

    @Test("a film of one frame", arguments: ["out.mp4", "out.mkv", "out.webm", "out.gif", "out.mov", "out.ts"])
    func takesOneFrame(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mp4"), folder.file(name))
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:r=25 -frames:v 1 -c:v libx264 -preset ultrafast")
        #expect(try Redrawing(input, to: output).frames == 1)
        #expect(try MediaTool.frameHashes(output).count == 1)
    }

    @Test("the last frame is shown as long as before", arguments: ["out.mp4", "out.mov"])
    func keepsLastDuration(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mp4"), folder.file(name))
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v libx264 -preset ultrafast -bf 2")
        try Redrawing(input, to: output)
        #expect(try Probe(output).video.duration == "1.000000")
    }

    @Test("interlaced pictures become progressive ones, as many and in their time", arguments: [true, false])
    func deinterlaces(_ deinterlaces: Bool) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.ts"), folder.file("out.mkv"))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=128x96:r=50:d=1 -vf interlace -c:v mpeg2video -flags +ildct+ilme -bf 2 -q:v 2")
        var options = InputOptions()
        options.deinterlaces = deinterlaces
        let run = try Redrawing(input, to: output, input: options)
        #expect(run.reader.picture.isDeinterlaced == deinterlaces)
        let (before, after) = (try Probe(input), try Probe(output))
        let start = before.times(of: 0)[0]
        #expect(largestDifference(after.times(of: 0), before.times(of: 0).map { $0 - start }) < 0.0011)
    }
}
