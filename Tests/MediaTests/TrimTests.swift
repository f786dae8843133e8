import Foundation
import Frames
import Media
import Support
import Testing

@Suite("Trimming") struct TrimTests {
    /// 50 frames at 25 a second; frame N is grey of level 20 + 4·N, so that every frame says which one it is.
    private static func numbered(_ folder: TemporaryFolder, _ name: String, _ codec: String) throws -> URL {
        let file = folder.file(name)
        try MediaTool.make(
            file,
            "-f lavfi -i color=black:s=64x48:r=25:d=2,format=gray,geq=lum=20+4*N -f lavfi -i sine=r=48000:d=2 \(codec)")
        return file
    }

    private static func number(of frame: Frame) -> Int {
        Int((Double(frame.pixels.bytes[frame.pixels.stride * 20 + 60]) - 20) / 4 + 0.5)
    }

    static let containers: [(String, String)] = [
        ("in.mp4", "-c:v libx264 -preset ultrafast -qp 0 -pix_fmt yuvj420p -bf 2 -g 12 -c:a aac"),
        (
            "in.mkv",
            "-c:v libx264 -preset fast -qp 0 -pix_fmt yuvj420p -x264-params open-gop=1:bframes=3:keyint=10 -c:a aac"
        ),
        ("in.ts", "-c:v libx264 -preset ultrafast -qp 0 -pix_fmt yuvj420p -bf 2 -g 20 -c:a mp2"),
        ("in.mpg", "-c:v mpeg2video -q:v 1 -bf 2 -g 12 -c:a mp2 -vf scale=out_range=tv -pix_fmt yuv420p"),
        ("in.avi", "-c:v mpeg4 -q:v 1 -bf 2 -g 12 -c:a mp3 -vf scale=out_range=tv -pix_fmt yuv420p"),
        ("in.webm", "-c:v libvpx-vp9 -lossless 1 -cpu-used 8 -g 15 -c:a libopus -pix_fmt yuv420p"),
        ("in.flv", "-c:v libx264 -preset ultrafast -qp 0 -pix_fmt yuvj420p -bf 2 -g 12 -c:a aac"),
    ]

    @Test("exactly the frames of the range are drawn, from every container", arguments: containers)
    func isExact(_ test: (String, String)) throws {
        let folder = try TemporaryFolder()
        let file = try Self.numbered(folder, test.0, test.1)
        // What FFmpeg's own decoding says about when each frame is shown.
        var shown: [Double] = []
        for line in try MediaTool.probe(file, "frame=best_effort_timestamp_time", streams: "v:0")
        where line.first != "," {
            shown.append(Double(line.prefix { $0 != "," }) ?? shown.last.map { $0 + 0.04 } ?? 0)
        }
        let begin = Double(try Probe(file).format.startTime ?? "0") ?? 0
        #expect(shown.count == 50)
        let ranges: [(Double?, Double?, Int?)] = [
            (0.2, 0.6, nil), (1.0, nil, 3), (nil, 0.4, nil), (1.9, nil, nil), (0.48, 0.5, nil), (1.03, 1.13, nil),
            (0, nil, 2),
        ]
        for range in ranges {
            var options = InputOptions()
            (options.start, options.end, options.frameLimit) = range
            let expected = shown.indices.filter { index in
                let time = shown[index] - begin
                return time > (range.0 ?? 0) - 0.0005 && time < (range.1 ?? 100) - 0.0005
            }.prefix(range.2 ?? 50)
            if expected.isEmpty {
                #expect(throws: SakugaError.self) { try MediaReader(file.path, options: options) }
                continue
            }
            let reader = try MediaReader(file.path, options: options)
            let converter = PictureConverter(for: reader.picture, pool: FramePool(width: 64, height: 48))
            var numbers: [Int] = []
            var times: [Double] = []
            while let picture = try reader.nextPicture() {
                let frame = try converter.frame(from: picture)
                numbers.append(Self.number(of: frame))
                times.append(frame.timestamp.seconds)
            }
            #expect(numbers == Array(expected), "\(test.0) \(range)")
            if range.0 ?? 0 > 0 { #expect(times.first == 0) }
        }
    }

    @Test("a pipe, which cannot seek, is trimmed as exactly")
    func trimsPipes() throws {
        let folder = try TemporaryFolder()
        let file = try Self.numbered(folder, "in.mkv", Self.containers[1].1)
        let pipe = folder.file("pipe.mkv")
        mkfifo(pipe.path, 0o600)
        let feeder = Process()
        feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
        feeder.arguments = ["-c", "cat '\(file.path)' > '\(pipe.path)'"]
        try feeder.run()
        defer { feeder.terminate() }
        var options = InputOptions()
        (options.start, options.end) = (0.4, 0.8)
        var numbers: [Int] = []
        try Redrawing(pipe, to: folder.file("out.mkv"), input: options) { numbers.append(Self.number(of: $0)) }
        #expect(numbers == Array(10..<20))
    }

    @Test(
        "re-encoded sound is cut to the sample and in place", arguments: ["out.mp4", "out.mkv", "out.webm", "out.mov"])
    func cutsSoundToTheSample(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(name))
        // A click at every half second; the cut begins 0.2 s before the one at 1 s.
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=64x48:r=25:d=3",
            "-f lavfi -i aevalsrc='0.8*lt(mod(t\\,0.5)\\,0.002)':s=48000:d=3 -c:v libx264 -preset ultrafast -bf 2 -c:a pcm_s16le"
        )
        var options = InputOptions()
        (options.start, options.end) = (0.8, 2.4)
        var outputOptions = OutputOptions()
        outputOptions.audio = name.hasSuffix("webm") ? .opus : .aac
        try Redrawing(input, to: output, input: options, output: outputOptions)
        let samples = try Sound(output, rate: 48000)
        #expect(
            abs(samples.count - 76_800) <= (name.hasSuffix("mp4") || name.hasSuffix("mov") ? 0 : 1024 + 312),
            "\(samples.count)")
        let video = try Probe(output).times(of: 0)[0]
        let click = try #require(samples.firstLoud)
        #expect(abs(Double(click) / 48000 + samples.start - video - 0.2) < 0.001)
    }

    @Test("copied sound plays in sync", arguments: ["out.mp4", "out.mkv", "out.mov"])
    func copiesSoundInSync(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mp4"), folder.file(name))
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=64x48:r=25:d=3",
            "-f lavfi -i aevalsrc='0.8*lt(mod(t\\,0.5)\\,0.002)':s=48000:d=3 -c:v libx264 -preset ultrafast -bf 2 -c:a aac -b:a 256k"
        )
        var options = InputOptions()
        (options.start, options.end) = (0.8, 2.4)
        try Redrawing(input, to: output, input: options)
        let (sound, probe) = (try Sound(output, rate: 48000), try Probe(output))
        let click = try #require(sound.firstLoud)
        let video = probe.times(of: 0)
        #expect(abs(Double(click) / 48000 + sound.start - video[0] - 0.2) < 0.0015)
        let end = sound.start + Double(sound.count) / 48000
        #expect(abs(end - (video.last! + 0.04)) < 0.025)
        #expect(video.count == 40)
    }

    @Test("chapters and subtitles are moved and cut with the picture", arguments: ["out.mkv", "out.mp4"])
    func cutsChaptersAndText(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(name))
        let (text, facts) = (folder.file("text.srt"), folder.file("facts.txt"))
        try
            "1\n00:00:00,500 --> 00:00:01,500\nfirst\n\n2\n00:00:01,600 --> 00:00:04,000\nsecond\n\n3\n00:00:03,000 --> 00:00:03,500\nthird\n\n"
            .write(to: text, atomically: true, encoding: .utf8)
        try
            (";FFMETADATA1\ntitle=Film\n"
            + [(0, 1000, "one"), (1000, 2000, "two"), (2000, 4000, "three"), (4000, 5000, "four")]
            .map { "[CHAPTER]\nTIMEBASE=1/1000\nSTART=\($0.0)\nEND=\($0.1)\ntitle=\($0.2)\n" }.joined())
            .write(to: facts, atomically: true, encoding: .utf8)
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=64x48:r=25:d=5 -i \(text.path) -i \(facts.path) -map_metadata 2",
            "-c:v libx264 -preset ultrafast -c:s srt")
        var options = InputOptions()
        (options.start, options.end) = (1.2, 2.8)
        try Redrawing(input, to: output, input: options)
        let probe = try Probe(output)
        let chapters = (probe.chapters ?? []).map {
            "\($0.tags?["title"] ?? "") \(Double($0.startTime)!) \(Double($0.endTime)!)"
        }
        #expect(chapters == ["two 0.0 0.8", "three 0.8 1.6"])
        let subtitle = try #require(probe.streams("subtitle").first)
        let shown = probe.packets(of: subtitle.index).filter { (Int($0.size) ?? 0) > 2 }
            .map { [Double($0.ptsTime ?? "")!, Double($0.durationTime ?? "")!] }
        #expect(shown.count == 2)
        #expect(largestDifference(shown.flatMap { $0 }, [0, 0.3, 0.4, 1.2]) < 0.002, "\(shown)")
        #expect(probe.format.tags?["title"] == "Film")
    }

    @Test(
        "a range without pictures is a usage error",
        arguments: [(10.0, nil), (1.0, 1.0), (2.5, nil)] as [(Double, Double?)])
    func refusesEmptyRanges(_ range: (Double, Double?)) throws {
        let folder = try TemporaryFolder()
        let file = try Self.numbered(folder, "in.mp4", Self.containers[0].1)
        var options = InputOptions()
        (options.start, options.end) = range
        let error = #expect(throws: SakugaError.self) { try MediaReader(file.path, options: options) }
        #expect(error?.code == .usage)
    }
}

/// The decoded sound of a file's first sound stream, mono, as FFmpeg plays it.
struct Sound {
    var samples: [Int16]
    /// Seconds on the file's timeline of the first sample.
    var start: Double
    var count: Int { samples.count }
    /// The first sample that is a click.
    var firstLoud: Int? { samples.firstIndex { abs(Int($0)) > 6000 } }

    init(_ file: URL, rate: Int) throws {
        let raw = file.deletingLastPathComponent().appendingPathComponent(UUID().uuidString + ".raw")
        let log = try MediaTool.run(
            "ffprobe",
            [
                "-v", "error", "-select_streams", "a:0", "-show_entries", "frame=pts_time", "-read_intervals", "%+#1",
                "-of", "csv=p=0", file.path,
            ])
        start = Double(log.split(whereSeparator: { $0 == "\n" || $0 == "," }).first ?? "") ?? 0
        try MediaTool.make(raw, "-i \(file.path) -map 0:a:0 -ac 1 -ar \(rate) -f s16le")
        let data = try Data(contentsOf: raw)
        samples = data.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
    }
}
