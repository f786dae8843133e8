import Foundation
import Frames
import Media
import Support
import Testing

@Suite("Other streams") struct StreamTests {
    /// A Matroska file with everything: two films, two sounds, text, styled text, bitmaps, a font, a cover, chapters.
    private static func everything(_ folder: TemporaryFolder) throws -> URL {
        let file = folder.file("every.mkv")
        let (srt, ass, font, cover, facts) = (
            folder.file("a.srt"), folder.file("b.ass"), folder.file("font.ttf"), folder.file("c.png"),
            folder.file("f.txt")
        )
        try "1\n00:00:00,200 --> 00:00:00,900\n<i>Hello</i>\n\n2\n00:00:01,000 --> 00:00:01,500\nworld\n\n"
            .write(to: srt, atomically: true, encoding: .utf8)
        try MediaTool.make(ass, "-i \(srt.path)")
        try Data((0..<2000).map { UInt8(truncatingIfNeeded: $0 * 7) }).write(to: font)
        try MediaTool.make(cover, "-f lavfi -i color=red:s=32x32:d=1 -frames:v 1")
        try
            ";FFMETADATA1\ntitle=The film\nartist=Somebody\ncomment=Made for a test\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=Begin\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=End\n"
            .write(to: facts, atomically: true, encoding: .utf8)
        try MediaTool.make(
            file,
            "-f lavfi -i testsrc2=s=96x64:r=25:d=2 -f lavfi -i testsrc=s=64x48:r=25:d=2 -f lavfi -i sine=r=48000:d=2 -f lavfi -i sine=r=44100:f=880:d=2",
            "-i \(srt.path) -i \(ass.path) -i \(facts.path) -map 0 -map 1 -map 2 -map 3 -map 4 -map 5 -map_metadata 6 -map_chapters 6",
            "-c:v:0 libx264 -preset ultrafast -c:v:1 mpeg4 -c:a:0 aac -c:a:1 flac -c:s:0 srt -c:s:1 ass",
            "-metadata:s:a:0 language=eng -metadata:s:a:0 title=English -metadata:s:a:1 language=jpn -disposition:a:0 default -disposition:a:1 comment",
            "-metadata:s:s:0 language=deu -disposition:s:0 forced -metadata:s:v:0 title=Main -aspect:v:0 16:9",
            "-attach \(font.path) -metadata:s:t:0 mimetype=application/x-truetype-font -attach \(cover.path) -metadata:s:t:1 mimetype=image/png -metadata:s:t:1 filename=cover.png"
        )
        return file
    }

    @Test("Matroska keeps every stream, its words and its flags")
    func matroskaKeepsEverything() throws {
        let folder = try TemporaryFolder()
        let (input, output) = (try Self.everything(folder), folder.file("out.mkv"))
        let run = try Redrawing(input, to: output)
        #expect(run.warnings.isEmpty)
        let (before, after) = (try Probe(input), try Probe(output))
        func summary(_ probe: Probe) -> [String] {
            probe.streams.map { stream in
                let tags = ["language", "title", "filename", "mimetype"].map { stream.tags?[$0] ?? "-" }
                let codec = stream.codecType == "video" && stream.index == 0 ? "drawn" : stream.codecName ?? "-"
                return "\(stream.codecType) \(codec) \(tags) \(stream.flags) \(stream.sampleAspectRatio ?? "")"
            }
        }
        #expect(summary(after) == summary(before))
        for stream in ["v:1", "a:0", "a:1"] {
            #expect(try MediaTool.streamHash(input, stream) == MediaTool.streamHash(output, stream))
        }
        for index in [2, 3, 4, 5] {
            #expect(largestDifference(after.times(of: index), before.times(of: index)) < 0.0015, "stream \(index)")
        }
        #expect(after.chapters?.map { $0.tags?["title"] } == ["Begin", "End"])
        #expect(after.chapters?.map(\.startTime) == before.chapters?.map(\.startTime))
        for tag in ["title", "ARTIST", "COMMENT"] {
            #expect(after.format.tags?[tag] == before.format.tags?[tag], "\(tag)")
        }
        let fonts = try [input, output].map { file in
            let font = folder.file(UUID().uuidString)
            _ = try? MediaTool.run("ffmpeg", ["-v", "quiet", "-dump_attachment:t:0", font.path, "-i", file.path])
            return try Data(contentsOf: font)
        }
        #expect(fonts[0] == fonts[1] && fonts[0].count == 2000)
    }

    @Test("MP4 gets what it can hold, the rest converted or named")
    func mp4ConvertsOrNames() throws {
        let folder = try TemporaryFolder()
        let (input, output) = (try Self.everything(folder), folder.file("out.mp4"))
        let run = try Redrawing(input, to: output)
        let after = try Probe(output)
        #expect(after.streams("video").map(\.codecName) == ["h264", "mpeg4", "png"])
        #expect(after.streams("video")[2].flags == ["attached_pic"])
        #expect(after.streams("audio").map(\.codecName) == ["aac", "flac"])
        #expect(after.streams("audio").map { $0.tags?["language"] } == ["eng", "jpn"])
        #expect(after.streams("audio").map { $0.flags.contains("default") } == [true, false])
        #expect(after.streams("subtitle").map(\.codecName) == ["mov_text", "mov_text"])
        #expect(after.streams("subtitle")[0].tags?["language"] == "deu")
        #expect(after.format.tags?["title"] == "The film")
        #expect(after.chapters?.map { $0.tags?["title"] } == ["Begin", "End"])
        #expect(after.video.sampleAspectRatio == (try Probe(input).video.sampleAspectRatio))
        #expect(
            run.warnings.contains { $0.contains("attachment stream 6 (ttf) is left out") && $0.contains(".mkv") },
            "\(run.warnings)")
        let text = try MediaTool.run("ffmpeg", ["-v", "error", "-i", output.path, "-map", "0:s:0", "-f", "srt", "-"])
        for part in ["<i>Hello</i>", "world"] { #expect(text.contains(part), "\(text)") }
    }

    @Test(
        "languages stay in QuickTime, whose muxer knows each by one code only", arguments: ["deu", "fre", "swe", "jpn"])
    func quickTimeLanguages(_ language: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file("out.mov"))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -f lavfi -i sine=d=0.5 -c:v libx264 -preset ultrafast -c:a aac",
            "-metadata:s:a:0 language=\(language)")
        _ = try Redrawing(input, to: output)
        let known = ["deu": "ger", "fre": "fra", "swe": "sve"][language] ?? language
        #expect(try Probe(output).streams("audio").first?.tags?["language"] == known)
    }

    @Test(
        "a cover picture goes from MP4 to MP4 and to Matroska", arguments: ["out.mp4", "out.mkv", "out.m4v", "out.mov"])
    func keepsCovers(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, cover, output) = (folder.file("in.mp4"), folder.file("cover.jpg"), folder.file(name))
        try MediaTool.make(cover, "-f lavfi -i color=blue:s=32x32:d=1 -frames:v 1")
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -i \(cover.path) -map 0 -map 1 -c:v:0 libx264 -preset ultrafast -c:v:1 copy -disposition:v:1 attached_pic"
        )
        var options = InputOptions()
        options.start = 1.0
        for trim in [InputOptions(), options] {
            try Redrawing(input, to: output, input: trim)
            let after = try Probe(output)
            let shown = after.streams.filter { $0.flags == ["attached_pic"] }
            #expect(shown.map(\.codecName) == (name.hasSuffix("mov") ? [] : ["mjpeg"]))
            #expect(after.times(of: 0).count == (trim.start == nil ? 50 : 25))
        }
    }

    @Test(
        "text is converted between containers",
        arguments: [
            ("srt", "in.mkv", "out.mp4", "mov_text"), ("ass", "in.mkv", "out.mov", "mov_text"),
            ("mov_text", "in.mp4", "out.mkv", "ass"), ("srt", "in.mkv", "out.webm", "webvtt"),
            ("webvtt", "in.mkv", "out.mp4", "mov_text"), ("mov_text", "in.mp4", "out.mp4", "mov_text"),
            ("webvtt", "in.webm", "out.webm", "webvtt"),
        ])
    func convertsText(_ test: (String, String, String, String)) throws {
        let folder = try TemporaryFolder()
        let (text, input, output) = (folder.file("t.srt"), folder.file(test.1), folder.file(test.2))
        try "1\n00:00:00,200 --> 00:00:00,900\nHello\n\n2\n00:00:01,000 --> 00:00:01,500\nold world\n\n".write(
            to: text, atomically: true, encoding: .utf8)
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -i \(text.path) -c:s \(test.0) -metadata:s:s:0 language=fra",
            test.1.hasSuffix("webm") ? "-c:v libvpx-vp9 -cpu-used 8" : "-c:v libx264 -preset ultrafast")
        try Redrawing(input, to: output)
        let after = try Probe(output)
        #expect(after.streams("subtitle").map(\.codecName) == [test.3])
        #expect(after.streams("subtitle").first?.tags?["language"] == "fra")
        let shown = try MediaTool.run("ffmpeg", ["-v", "error", "-i", output.path, "-map", "0:s:0", "-f", "srt", "-"])
        #expect(shown.contains("00:00:00,200 --> 00:00:00,900") && shown.contains("Hello"), "\(shown)")
        #expect(shown.contains("00:00:01,000 --> 00:00:01,500") && shown.contains("old world"), "\(shown)")
    }

    @Test("bitmaps that MP4 cannot hold are named, and Matroska keeps them", arguments: ["out.mp4", "out.mkv"])
    func namesBitmaps(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (bitmaps, input, output) = (folder.file("t.sup"), folder.file("in.mkv"), folder.file(name))
        // Two presentation graphics sets without objects: times of 90 kHz, a composition and an end segment each.
        var data = Data()
        for time in [UInt32(18000), 81000] {
            let composition: [UInt8] = [0, 96, 0, 64, 0x10, 0, 0, 0x80, 0, 0, 0]
            for (kind, body) in [(UInt8(0x16), composition), (0x80, [])] {
                data +=
                    Array("PG".utf8) + (0..<4).map { UInt8(truncatingIfNeeded: time >> (24 - 8 * $0)) } + [
                        0, 0, 0, 0, kind,
                    ]
                data += [UInt8(body.count >> 8), UInt8(body.count & 255)] + body
            }
        }
        try data.write(to: bitmaps)
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=96x64:r=25:d=1 -i \(bitmaps.path) -map 0 -map 1 -c:v mpeg4 -c:s copy")
        let run = try Redrawing(input, to: output)
        let kept = try Probe(output).streams("subtitle").map { $0.codecName ?? "" }
        #expect(kept == (name.hasSuffix("mkv") ? ["hdmv_pgs_subtitle"] : []))
        let named = run.warnings.contains {
            $0.contains("subtitle stream 1 (hdmv_pgs_subtitle)") && $0.contains(".mkv")
        }
        #expect(named == name.hasSuffix("mp4"), "\(run.warnings)")
    }

    @Test(
        "sound that a container cannot hold is converted to what its users expect",
        arguments: [
            ("pcm_s16le", "out.mp4", "aac"), ("aac", "out.webm", "opus"), ("libvorbis", "out.webm", "vorbis"),
            ("mp2", "out.mp4", "mp2"),
            ("libvorbis", "out.mp4", "aac"), ("ac3", "out.mp4", "ac3"), ("flac", "out.mov", "aac"),
            ("pcm_s24le", "out.mov", "pcm_s24le"),
            ("libopus", "out.mp4", "opus"), ("flac", "out.mkv", "flac"), ("libmp3lame", "out.ts", "mp3"),
            ("flac", "out.ts", "aac"),
            ("aac", "out.ts", "aac"), ("aac", "out.avi", "aac"), ("alac", "out.mp4", "alac"),
            ("wmav2", "out.mp4", "aac"),
        ])
    func convertsSound(_ test: (String, String, String)) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(test.1))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=r=44100:d=1,aformat=channel_layouts=stereo,asplit=1",
            "-c:v libx264 -preset ultrafast -c:a \(test.0) -strict -2", test.0 == "libopus" ? "-ar 48000" : "")
        let run = try Redrawing(input, to: output)
        let after = try Probe(output)
        #expect(after.streams("audio").map(\.codecName) == [test.2])
        let isCopied = run.plan.entries[1].action == .copy
        #expect(isCopied == run.warnings.isEmpty)
        let sound = try Sound(output, rate: 48000)
        #expect(abs(Double(sound.count) / 48000 - 1) < 0.06, "\(sound.count)")
    }

    @Test(
        "sound is chosen",
        arguments: [
            (OutputOptions.AudioChoice.none, [String]()), (.aac, ["aac", "aac"]), (.opus, ["opus", "opus"]),
            (.copy, ["mp3", "flac"]),
        ])
    func choosesSound(_ test: (OutputOptions.AudioChoice, [String])) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file("out.mkv"))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1 -f lavfi -i sine=d=1:r=96000 -map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -c:a:0 mp3 -c:a:1 flac"
        )
        var options = OutputOptions()
        options.audio = test.0
        try Redrawing(input, to: output, output: options)
        #expect(try Probe(output).streams("audio").map { $0.codecName ?? "" } == test.1)
    }

    @Test(
        "maps choose streams",
        arguments: [
            (["a:1"], ["h264", "flac"]), (["0:s?"], ["h264", "subrip", "ass"]),
            (["-a"], ["h264", "mpeg4", "subrip", "ass", "ttf", "png"]), (["m:language:jpn"], ["h264", "flac"]),
            (["a", "-a:0"], ["h264", "flac"]),
        ])
    func mapsStreams(_ test: ([String], [String])) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (try Self.everything(folder), folder.file("out.mkv"))
        var options = OutputOptions()
        options.maps = test.0
        try Redrawing(input, to: output, output: options)
        #expect(try Probe(output).streams.map { $0.codecName ?? "" } == test.1)
    }

    @Test("a map that matches nothing is named", arguments: ["a:7", "nonsense"])
    func refusesMaps(_ map: String) throws {
        let folder = try TemporaryFolder()
        let input = try Self.everything(folder)
        var options = OutputOptions()
        options.maps = [map]
        let error = #expect(throws: SakugaError.self) {
            try Redrawing(input, to: folder.file("out.mkv"), output: options)
        }
        #expect(error?.code == .usage && error?.message.contains(map) == true, "\(String(describing: error))")
    }

    @Test("a time code of a MOV file is kept", arguments: ["out.mov", "out.mp4"])
    func keepsTimecode(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mov"), folder.file(name))
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -preset ultrafast -timecode 01:02:03:04")
        try Redrawing(input, to: output)
        let after = try Probe(output)
        #expect(after.video.tags?["timecode"] == "01:02:03:04")
        #expect(after.streams("data").count == 1)
    }

    /// A film with a camera's measurements (GoPro's `gpmd`): a text track under another name, since no tool writes one.
    private static func measured(_ folder: TemporaryFolder, _ name: String, tag: String) throws -> URL {
        let (file, text) = (folder.file(name), folder.file("a.srt"))
        try "1\n00:00:00,000 --> 00:00:00,400\nHello\n\n2\n00:00:00,500 --> 00:00:00,900\nworld\n\n"
            .write(to: text, atomically: true, encoding: .utf8)
        try MediaTool.make(
            file, "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -i \(text.path) -c:v libx264 -preset ultrafast -c:s mov_text")
        var data = try Data(contentsOf: file)
        for (old, new) in [("sbtl", "meta"), ("tx3g", tag)] {
            let place = try #require(data.range(of: Data(old.utf8)))
            data.replaceSubrange(place, with: Data(new.utf8))
        }
        try data.write(to: file)
        return file
    }

    @Test("a camera's measurements are kept", arguments: ["out.mp4", "out.mov"])
    func keepsMeasurements(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (try Self.measured(folder, "in.mp4", tag: "gpmd"), folder.file(name))
        let run = try Redrawing(input, to: output)
        #expect(run.warnings.isEmpty)
        #expect(try Probe(output).streams("data").map(\.codecTagString) == ["gpmd"])
        #expect(try MediaTool.streamHash(input, "d:0") == MediaTool.streamHash(output, "d:0"))
    }

    @Test("data that a container cannot hold is named", arguments: [("gpmd", "out.mkv"), ("mebx", "out.mp4")])
    func namesLostData(_ test: (String, String)) throws {
        let folder = try TemporaryFolder()
        let run = try Redrawing(
            try Self.measured(folder, "in.mp4", tag: test.0), to: folder.file(test.1))
        let container = test.1.hasSuffix("mkv") ? "matroska" : "mp4"
        #expect(
            run.warnings == ["data stream 1 (\(test.0)) is left out: \(container) cannot hold \(test.0) data"])
    }

    @Test("only what Matroska keeps is advised to go there")
    func advisesMatroska() throws {
        let folder = try TemporaryFolder()
        let input = try Self.everything(folder)
        let warnings = try Redrawing(input, to: folder.file("out.webm")).warnings
        let advised = warnings.filter { $0.hasSuffix("; an .mkv output keeps it") }
        #expect(
            advised.map { $0.prefix { $0 != "(" } } == ["video stream 1 ", "attachment stream 6 ", "video stream 7 "])
    }

    @Test("an MP4 that cannot go back is written in fragments")
    func writesFragments() throws {
        let folder = try TemporaryFolder()
        let (input, pipe, output) = (folder.file("in.mkv"), folder.file("pipe.mp4"), folder.file("out.mp4"))
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v ffv1")
        mkfifo(pipe.path, 0o600)
        let drain = Process()
        drain.executableURL = URL(fileURLWithPath: "/bin/sh")
        drain.arguments = ["-c", "cat '\(pipe.path)' > '\(output.path)'"]
        try drain.run()
        try Redrawing(input.path, to: pipe.path, isStream: true)
        drain.waitUntilExit()
        #expect(try Probe(output).times(of: 0).count == 25)
    }

    @Test("Apple's own tags survive")
    func keepsCameraTags() throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mov"), folder.file("out.mov"))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -preset ultrafast -movflags use_metadata_tags -metadata com.apple.quicktime.make=Apple -metadata title=Film"
        )
        try Redrawing(input, to: output)
        let tags = try Probe(output).format.tags ?? [:]
        #expect(tags["com.apple.quicktime.make"] == "Apple" && tags["title"] == "Film")
    }

    @Test("sound longer or shorter than the picture keeps its length", arguments: [0.5, 3.0], ["out.mp4", "out.mkv"])
    func keepsSoundLength(_ seconds: Double, _ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(name))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=r=48000:d=\(seconds) -c:v libx264 -preset ultrafast -c:a flac"
        )
        try Redrawing(input, to: output)
        #expect(
            try MediaTool.streamHash(input, "a:0", decoded: true) == MediaTool.streamHash(output, "a:0", decoded: true))
        #expect(try Probe(output).times(of: 0).count == 25)
    }
}
