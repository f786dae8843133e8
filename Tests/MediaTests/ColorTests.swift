import Foundation
import Frames
import Media
import Support
import Testing

@Suite("Colours") struct ColorTests {
    /// A matrix with its luma weights of red and blue: BT.601, BT.709 and BT.2020 (ITU-R BT.601-7, BT.709-6, BT.2020-2).
    struct Matrix: CustomTestStringConvertible, Sendable {
        var name: String
        var red: Double
        var blue: Double
        var testDescription: String { name }
        static let all = [
            Matrix(name: "bt470bg", red: 0.299, blue: 0.114), Matrix(name: "smpte170m", red: 0.299, blue: 0.114),
            Matrix(name: "bt709", red: 0.2126, blue: 0.0722), Matrix(name: "bt2020nc", red: 0.2627, blue: 0.0593),
            Matrix(name: "smpte240m", red: 0.212, blue: 0.087),
        ]
    }

    static let patches: [(Double, Double, Double)] = [
        (1, 1, 1), (0, 0, 0), (0.5, 0.5, 0.5), (0.8, 0.2, 0.2), (0.2, 0.7, 0.3), (0.2, 0.3, 0.9), (0.9, 0.8, 0.1),
        (0.75, 0.5, 0.4),
    ]

    /// Writes patches of 16×16 pixels side by side as raw Y′CbCr, computed here.
    private static func raw(_ format: String, _ matrix: Matrix, full: Bool) -> Data {
        let depth = format.contains("10") ? 10 : format.hasSuffix("12le") ? 12 : 8
        let (sx, sy) = format.contains("444") ? (1, 1) : format.contains("422") ? (2, 1) : (2, 2)
        let isPaired = format == "nv12"
        let scale = Double(1 << (depth - 8))
        let top = Double((1 << depth) - 1)
        var planes: [[Double]] = [[], [], []]
        for (r, g, b) in patches {
            let y = matrix.red * r + (1 - matrix.red - matrix.blue) * g + matrix.blue * b
            let (cb, cr) = ((b - y) / (2 - 2 * matrix.blue), (r - y) / (2 - 2 * matrix.red))
            planes[0].append(full ? y * top : (16 + 219 * y) * scale)
            planes[1].append(full ? cb * top + 128 * scale : (128 + 224 * cb) * scale)
            planes[2].append(full ? cr * top + 128 * scale : (128 + 224 * cr) * scale)
        }
        var data = Data()
        func append(_ value: Double) {
            let level = UInt16(max(0, min(top, value.rounded())))
            data.append(UInt8(truncatingIfNeeded: level))
            if depth > 8 { data.append(UInt8(level >> 8)) }
        }
        for _ in 0..<16 { for value in planes[0] { for _ in 0..<16 { append(value) } } }
        if isPaired {
            for _ in 0..<8 {
                for index in patches.indices { for _ in 0..<8 { append(planes[1][index]); append(planes[2][index]) } }
            }
            return data
        }
        for plane in planes[1...] {
            for _ in 0..<16 / sy { for value in plane { for _ in 0..<16 / sx { append(value) } } }
        }
        return data
    }

    private static func centers(of frame: Frame) -> [[Int]] {
        patches.indices.map { index in
            let at = frame.pixels.bytes + 8 * frame.pixels.stride + (index * 16 + 8) * 3
            return [Int(at[0]), Int(at[1]), Int(at[2])]
        }
    }

    private static func worst(_ levels: [[Int]]) -> Double {
        zip(levels, patches).map { level, patch in
            max(
                abs(Double(level[0]) - patch.0 * 255), abs(Double(level[1]) - patch.1 * 255),
                abs(Double(level[2]) - patch.2 * 255))
        }.max() ?? .infinity
    }

    @Test(
        "patches decode to the colours that the standard gives them, and survive the way back", arguments: Matrix.all,
        [
            ("yuv420p", false), ("yuv420p", true), ("yuv422p", false), ("yuv444p", false), ("yuv444p", true),
            ("yuv420p10le", false), ("yuv420p10le", true), ("yuv444p12le", false), ("yuv422p10le", false),
            ("nv12", false),
        ])
    func areExact(_ matrix: Matrix, _ format: (String, Bool)) throws {
        let folder = try TemporaryFolder()
        // Raw video has no place for a matrix: without one, a small picture is BT.601.
        let isRaw = format.0 == "nv12"
        if isRaw, matrix.red != 0.299 { return }
        let (raw, input, output) = (
            folder.file("in.raw"), folder.file(isRaw ? "in.nut" : "in.mkv"), folder.file("out.mkv")
        )
        try Self.raw(format.0, matrix, full: format.1).write(to: raw)
        try MediaTool.make(
            input, "-f rawvideo -pix_fmt \(format.0) -s 128x16 -i \(raw.path)",
            "-c:v \(isRaw ? "rawvideo" : "ffv1") -colorspace \(matrix.name) -color_range \(format.1 ? "pc" : "tv")")
        var seen: [[Int]] = []
        var options = OutputOptions.encoder("libx264", ["qp": "0"])
        options.encoder.pixelFormat = "yuv444p"
        try Redrawing(input, to: output, output: options) { seen = Self.centers(of: $0) }
        // 8 bits of Y′CbCr and 8 of RGB: rounding alone comes to almost two levels.
        #expect(Self.worst(seen) <= 2.5, "\(seen)")
        var back: [[Int]] = []
        try Redrawing(output, to: folder.file("again.mkv"), output: .encoder("ffv1")) { back = Self.centers(of: $0) }
        #expect(Self.worst(back) <= 3.5, "\(back)")
        let stream = try Probe(output).video
        if isRaw { return }
        #expect(stream.colorSpace == matrix.name)
        #expect(stream.colorRange == (format.1 ? "pc" : "tv"))
    }

    @Test(
        "RGB and palette sources keep their levels",
        arguments: ["rgb24", "gbrp", "bgr0", "rgb48le", "gray", "gbrp10le"])
    func keepsLevels(_ format: String) throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.nut")
        try MediaTool.make(
            input, "-f lavfi -i color=0x4080C0:s=64x48:d=0.1:r=25,format=rgb24 -pix_fmt \(format) -c:v rawvideo")
        var seen: [Int] = []
        try Redrawing(input, to: folder.file("out.mkv")) { frame in
            let at = frame.pixels.bytes + frame.pixels.stride * 10 + 60
            seen = [Int(at[0]), Int(at[1]), Int(at[2])]
        }
        let luma = 0.299 * 64 + 0.587 * 128 + 0.114 * 192
        let expected: [Double] = format == "gray" ? [luma, luma, luma] : [64, 128, 192]
        for (level, wanted) in zip(seen, expected) { #expect(abs(Double(level) - wanted) <= 1.5, "\(seen)") }
    }

    @Test(
        "what an input says about its colours, the output says too",
        arguments: [
            ("bt709", "bt709", "bt709", "tv", "left"), ("bt470bg", "bt470bg", "smpte170m", "tv", "left"),
            ("smpte170m", "smpte170m", "smpte170m", "tv", "topleft"),
            ("bt2020nc", "bt2020", "bt2020-10", "tv", "topleft"),
            ("bt709", "bt709", "iec61966-2-1", "pc", "center"),
            ("unknown", "unknown", "unknown", "unknown", "unspecified"),
            ("bt709", "unknown", "unknown", "unknown", "unspecified"),
        ], ["out.mp4", "out.mkv", "out.mov"])
    func keepsTags(_ tags: (String, String, String, String, String), _ name: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file(name))
        let known = { (option: String, value: String) in
            value == "unknown" || value == "unspecified" ? "" : " -\(option) \(value)"
        }
        try MediaTool.make(
            input, "-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -pix_fmt yuv420p -c:v libx264 -preset ultrafast",
            known("colorspace", tags.0) + known("color_primaries", tags.1) + known("color_trc", tags.2)
                + known("color_range", tags.3) + known("chroma_sample_location", tags.4))
        try Redrawing(input, to: output)
        let (before, after) = (try Probe(input).video, try Probe(output).video)
        #expect(after.colorSpace == before.colorSpace)
        #expect(after.colorTransfer == before.colorTransfer)
        #expect(after.colorPrimaries == before.colorPrimaries)
        #expect((after.colorRange ?? "tv") == (before.colorRange ?? "tv"))
        #expect((after.chromaLocation ?? "left") == (before.chromaLocation ?? "left"))
    }

    @Test(
        "HDR is mapped to BT.709: grey stays grey, in order, and neither dark nor burnt",
        arguments: ["smpte2084", "arib-std-b67"])
    func mapsHDR(_ transfer: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file("out.mp4"))
        // A ramp in eight steps, from black to the signal of reference white (58 % for PQ, 75 % for HLG; BT.2408).
        let white = transfer == "smpte2084" ? 0.58 : 0.75
        try MediaTool.make(
            input,
            "-f lavfi -i color=black:s=128x32:r=25:d=0.2,format=yuv420p10le,geq=lum=64+876*\(white)*floor(X/16)/7:cb=512:cr=512",
            "-c:v libx265 -preset ultrafast -x265-params log-level=error:lossless=1 -colorspace bt2020nc -color_primaries bt2020 -color_trc \(transfer) -color_range tv"
        )
        var levels: [[Int]] = []
        let run = try Redrawing(input, to: output) { levels = Self.centers(of: $0) }
        #expect(run.reader.picture.isToneMapped)
        #expect(levels.allSatisfy { abs($0[0] - $0[1]) <= 2 && abs($0[1] - $0[2]) <= 2 }, "\(levels)")
        #expect(zip(levels, levels.dropFirst()).allSatisfy { $0[1] < $1[1] }, "\(levels)")
        #expect(levels[0][1] <= 3 && (120...250).contains(levels[7][1]), "\(levels)")
        let stream = try Probe(output).video
        #expect([stream.colorSpace, stream.colorTransfer, stream.colorPrimaries] == ["bt709", "bt709", "bt709"])
        #expect(stream.colorRange == "tv" && stream.pixFmt == "yuv420p")
    }

    @Test("HDR without other tags, and ten bits where asked")
    func mapsBareHDR() throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file("out.mkv"))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -pix_fmt yuv420p10le -c:v libx265 -preset ultrafast -x265-params log-level=error -color_trc smpte2084"
        )
        var options = OutputOptions()
        options.encoder.options["pix_fmt"] = "yuv420p10le"
        try Redrawing(input, to: output, output: options)
        #expect(try Probe(output).video.pixFmt == "yuv420p10le")
    }

    @Test("chroma that lies elsewhere is read from there", arguments: ["left", "center", "topleft"])
    func honoursChromaLocation(_ location: String) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file("frame.raw"))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc=s=96x64:r=25:d=0.1 -vf zscale=matrix=709:range=limited:chromal=\(location),format=yuv420p -c:v libx264 -qp 0 -preset ultrafast -colorspace bt709 -color_range tv -chroma_sample_location \(location)"
        )
        try MediaTool.make(
            output,
            "-i \(input.path) -frames:v 1 -vf zscale=matrix=gbr:filter=bicubic,format=gbrp,format=rgb24 -f rawvideo")
        let expected = [UInt8](try Data(contentsOf: output))
        var difference = 0.0
        try Redrawing(input, to: folder.file("out.mkv")) { frame in
            guard frame.number == 0 else { return }
            var sum = 0
            for y in 0..<64 {
                for x in 0..<96 * 3 {
                    sum += abs(Int(frame.pixels.bytes[y * frame.pixels.stride + x]) - Int(expected[y * 288 + x]))
                }
            }
            difference = Double(sum) / Double(96 * 64 * 3)
        }
        #expect(difference < 1.5, "mean difference \(difference) levels")
    }
}
