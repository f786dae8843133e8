import Foundation
import Frames
import Media
import Support
import Testing

@Suite("Containers") struct ContainerTests {
    @Test("MP4 begins with its index", arguments: ["out.mp4", "out.mov", "out.m4v"])
    func startsFast(_ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(name))
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v ffv1")
        try Redrawing(input, to: output)
        let bytes = try Data(contentsOf: output)
        let (index, media) = (bytes.range(of: Data("moov".utf8)), bytes.range(of: Data("mdat".utf8)))
        #expect(try #require(index).lowerBound < (try #require(media)).lowerBound)
    }

    @Test(
        "HEVC is named the way Apple's players know",
        arguments: [("out.mp4", "hvc1"), ("out.mov", "hvc1"), ("out.mkv", "[0][0][0][0]")])
    func namesHEVC(_ test: (String, String)) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(test.0))
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x64:r=25:d=0.4 -c:v ffv1")
        try Redrawing(input, to: output, output: .encoder("libx265", ["preset": "ultrafast"]))
        #expect(try Probe(output).video.codecTagString == test.1)
        #expect(try MediaTool.frameHashes(output).count == 10)
    }

    @Test(
        "options that do not work are named",
        arguments: [
            ("libx264", ["nonsense": "1"], "nonsense"), ("nope", [:], "nope"), ("aac", [:], "aac"),
            ("libx264", ["pix_fmt": "rgb24"], "rgb24"), ("libx264", ["preset": "warp"], "libx264"),
        ] as [(String, [String: String], String)])
    func namesBadOptions(_ test: (String, [String: String], String)) throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.mkv")
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -c:v ffv1")
        let error = #expect(throws: SakugaError.self) {
            try Redrawing(input, to: folder.file("o.mkv"), output: .encoder(test.0, test.1))
        }
        #expect(error?.code == .usage && error?.message.contains(test.2) == true, "\(String(describing: error))")
    }

    @Test("an extension that names no container is refused", arguments: ["x.xyz", "x", "x.mp3", "x.srt"])
    func refusesExtensions(_ name: String) throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.mkv")
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -c:v ffv1")
        let error = #expect(throws: SakugaError.self) { try Redrawing(input, to: folder.file(name)) }
        #expect(error?.code == .usage)
    }

    @Test(
        "every encoder writes ten bits where asked",
        arguments: [
            ("libx264", "out.mp4"), ("libx265", "out.mp4"), ("libvpx-vp9", "out.webm"), ("prores_ks", "out.mov"),
            ("libsvtav1", "out.mkv"), ("ffv1", "out.mkv"),
        ])
    func writesTenBits(_ test: (String, String)) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(test.1))
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x64:r=25:d=0.2 -c:v ffv1")
        let format = test.0 == "prores_ks" ? "yuv422p10le" : "yuv420p10le"
        try Redrawing(input, to: output, output: .encoder(test.0, ["pix_fmt": format]))
        #expect(try Probe(output).video.pixFmt == format)
        #expect(try MediaTool.frameHashes(output).count == 5)
    }

    @Test("what this machine's FFmpeg can do is reported")
    func reports() {
        let report = MediaReport()
        #expect(report.version.contains("."))
        #expect(report.missing.isEmpty, "\(report.missing)")
        #expect(report.libraries.contains { $0.name == "libavcodec" })
    }
}
