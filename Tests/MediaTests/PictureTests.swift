import Foundation
import Frames
import Media
import Support
import Testing

@Suite("Turned pictures, still pictures and sequences") struct PictureTests {
    /// The RGB picture that FFmpeg itself shows, turned upright by its own autorotation.
    private static func shown(_ file: URL, _ folder: TemporaryFolder, format: String = "rgb24") throws -> [UInt8] {
        let raw = folder.file(UUID().uuidString + ".raw")
        try MediaTool.make(
            raw,
            "-i \(file.path) -frames:v 1 -sws_flags bicubic+accurate_rnd+full_chroma_int -f rawvideo -pix_fmt \(format)"
        )
        return [UInt8](try Data(contentsOf: raw))
    }

    private static func meanDifference(_ a: [UInt8], _ b: [UInt8]) -> Double {
        a.count == b.count
            ? Double(zip(a, b).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(max(a.count, 1)) : .infinity
    }

    // MARK: Turned

    @Test("a video turned by its display matrix stands upright", arguments: [90, 180, 270], ["yuv420p", "yuv422p"])
    func turnsVideo(_ degrees: Int, _ format: String) throws {
        let folder = try TemporaryFolder()
        let (flat, input, output) = (folder.file("flat.mp4"), folder.file("in.mp4"), folder.file("out.mp4"))
        try MediaTool.make(
            flat,
            "-f lavfi -i gradients=s=96x64:c0=red:c1=0x2040F0:c2=0xF0F060:n=3:x0=0:y0=0:x1=96:y1=64:speed=0.00001:seed=3:r=25:d=0.2 -c:v libx264 -preset ultrafast -qp 4 -pix_fmt \(format)"
        )
        try MediaTool.make(input, "-i \(flat.path) -c copy -metadata:s:v:0 rotate=\(degrees)")
        #expect(try Probe(input).video.sideDataList?.isEmpty == false)
        try Redrawing(input, to: output, output: .encoder("libx264", ["crf": "4"]))
        let stream = try Probe(output).video
        #expect([stream.width, stream.height] == (degrees == 180 ? [96, 64] : [64, 96]))
        #expect(stream.sideDataList == nil)
        let difference = Self.meanDifference(try Self.shown(input, folder), try Self.shown(output, folder))
        #expect(difference < 4, "\(difference)")
    }

    @Test("all eight EXIF orientations of a photograph stand upright", arguments: 1...8, ["yuvj420p", "yuvj422p"])
    func turnsPhotographs(_ orientation: Int, _ format: String) throws {
        let folder = try TemporaryFolder()
        let (flat, input, output) = (folder.file("flat.jpg"), folder.file("in.jpg"), folder.file("out.png"))
        // Four quarters, each of one colour.
        try MediaTool.make(
            flat,
            "-f lavfi -i color=s=96x64:d=0.1,format=rgb24,geq=r=255*lt(X\\,48)*lt(Y\\,32):g=255*gte(X\\,48)*lt(Y\\,32):b=255*lt(X\\,48)*gte(Y\\,32) -frames:v 1 -q:v 1 -pix_fmt \(format)"
        )
        let bytes = try Data(contentsOf: flat)
        // An APP1 segment with one TIFF directory of one entry: tag 0x0112.
        let tiff: [UInt8] = [
            0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0,
        ]
        let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(2 + 6 + tiff.count)] + Array("Exif\0\0".utf8) + tiff
        try (bytes.prefix(2) + Data(segment) + bytes.dropFirst(2)).write(to: input)
        try Redrawing(input, to: output)
        let stream = try Probe(output).video
        let (width, height) = orientation > 4 ? (64, 96) : (96, 64)
        #expect([stream.width, stream.height] == [width, height])
        let picture = try Self.shown(output, folder)
        func corner(_ x: Int, _ y: Int) -> Character {
            let at = (y * width + x) * 3
            let channels = picture[at..<at + 3].map { $0 > 128 }
            return channels[0] ? "R" : channels[1] ? "G" : channels[2] ? "B" : "K"
        }
        let seen = String([corner(8, 8), corner(width - 8, 8), corner(8, height - 8), corner(width - 8, height - 8)])
        // Stored: red, green over blue, black. EXIF 2.3, figure of the orientation tag: where row 0 and column 0 are.
        let expected = ["RGBK", "GRKB", "KBGR", "BKRG", "RBGK", "BRKG", "KGBR", "GKRB"][orientation - 1]
        #expect(seen == expected)
    }

    @Test("the shape of pixels turns with the picture")
    func turnsAspect() throws {
        let folder = try TemporaryFolder()
        let (flat, input, output) = (folder.file("flat.mp4"), folder.file("in.mp4"), folder.file("out.mp4"))
        try MediaTool.make(flat, "-f lavfi -i testsrc=s=96x64:r=25:d=0.2,setsar=4/3 -c:v libx264 -preset ultrafast")
        try MediaTool.make(input, "-i \(flat.path) -c copy -metadata:s:v:0 rotate=90")
        try Redrawing(input, to: output)
        #expect(try Probe(output).video.sampleAspectRatio == "3:4")
    }

    // MARK: Stills

    @Test(
        "a still picture keeps its pixels",
        arguments: [
            ("in.png", "rgb24", "out.png", 0.0), ("in.png", "rgb48be", "out.png", 0.6),
            ("in.png", "gray", "out.png", 0), ("in.png", "pal8", "out.png", 0),
            ("in.png", "gray16be", "out.png", 0.6), ("in.png", "monob", "out.png", 0),
            ("in.jpg", "yuvj420p", "out.png", 1.5), ("in.jpg", "yuvj444p", "out.jpg", 2.5),
            ("in.jpg", "gray", "out.png", 0.6),
            ("in.bmp", "bgr24", "out.bmp", 0), ("in.tiff", "rgb24", "out.tiff", 0),
            ("in.tiff", "rgb48le", "out.png", 0.6), ("in.webp", "bgra", "out.webp", 5),
            ("in.png", "rgb24", "out.webp", 5), ("in.png", "rgb24", "out.jpg", 3),
        ] as [(String, String, String, Double)])
    func keepsStills(_ test: (String, String, String, Double)) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file(test.0), folder.file(test.2))
        try MediaTool.make(
            input,
            "-f lavfi -i gradients=s=90x61:c0=red:c1=0x2040F0:c2=0xF0F060:n=3:x0=0:y0=0:x1=90:y1=61:speed=0.00001:seed=3:d=0.1 -frames:v 1 -pix_fmt \(test.1) -q:v 2"
        )
        let run = try Redrawing(input, to: output)
        #expect(run.frames == 1 && run.reader.info.isStill)
        let difference = Self.meanDifference(try Self.shown(input, folder), try Self.shown(output, folder))
        #expect(difference <= test.3, "\(difference)")
    }

    @Test(
        "transparency is carried past the drawing exactly",
        arguments: [
            ("in.png", "rgba", "out.png"), ("in.png", "rgba64be", "out.png"), ("in.png", "ya8", "out.png"),
            ("in.webp", "bgra", "out.png"), ("in.tiff", "rgba", "out.tiff"), ("in.png", "rgba", "out.webp"),
            ("in.mov", "argb", "out.mov"), ("in.apng", "rgba", "out.apng"), ("in.mkv", "bgra", "out.mkv"),
            ("in.webm", "yuva420p", "out.webm"),
        ])
    func keepsAlpha(_ test: (String, String, String)) throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file(test.0), folder.file(test.2))
        let codec =
            [
                "mov": "-c:v qtrle", "mkv": "-c:v ffv1", "webm": "-c:v libvpx-vp9 -lossless 1 -cpu-used 8",
                "webp": "-lossless 1",
            ][input.pathExtension] ?? ""
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc=s=64x48:d=0.2:r=10,format=rgba,geq=r=r(X\\,Y):g=g(X\\,Y):b=b(X\\,Y):a=X*4 \(["png", "webp", "tiff"].contains(input.pathExtension) ? "-frames:v 1" : "") -pix_fmt \(test.1) \(codec)"
        )
        let encoder = ["mov": "qtrle", "mkv": "ffv1"][output.pathExtension]
        var options = OutputOptions()
        options.encoder.name = encoder
        if output.pathExtension == "webm" { options.encoder.options = ["lossless": "1", "cpu-used": "8"] }
        let run = try Redrawing(input, to: output, output: options)
        #expect(run.reader.picture.hasAlpha)
        func alpha(_ file: URL) throws -> [UInt8] {
            let raw = folder.file(UUID().uuidString + ".raw")
            let decoder = file.pathExtension == "webm" ? "-c:v libvpx-vp9" : ""
            try MediaTool.make(
                raw, "\(decoder) -i \(file.path) -frames:v 1 -vf format=rgba,alphaextract -f rawvideo -pix_fmt gray")
            return [UInt8](try Data(contentsOf: raw))
        }
        let (before, after) = (try alpha(input), try alpha(output))
        #expect(before.count == 64 * 48 && Set(before).count > 60)
        let worst = zip(before, after).map { abs(Int($0) - Int($1)) }.max() ?? 255
        let allowed = ["rgba64be", "yuva420p"].contains(test.1) ? 1 : 0
        #expect(before.count == after.count)
        #expect(worst <= allowed)
    }

    @Test("JPEG quality can be set, and is good by itself")
    func setsQuality() throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.png")
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=160x96:d=0.1 -frames:v 1")
        var sizes: [Int] = []
        for quality in ["", "15"] {
            let output = folder.file("out\(quality).jpg")
            try Redrawing(input, to: output, output: .encoder("mjpeg", quality.isEmpty ? [:] : ["q": quality]))
            sizes.append(try Data(contentsOf: output).count)
        }
        #expect(sizes[0] > 2 * sizes[1], "\(sizes)")
    }

    @Test("a photograph with a second picture behind it is one picture")
    func takesFirstOfTwo() throws {
        let folder = try TemporaryFolder()
        let (red, blue, both, output) = (
            folder.file("r.jpg"), folder.file("b.jpg"), folder.file("both.jpg"), folder.file("out.png")
        )
        try MediaTool.make(red, "-f lavfi -i color=red:s=64x48:d=0.1 -frames:v 1")
        try MediaTool.make(blue, "-f lavfi -i color=blue:s=32x32:d=0.1 -frames:v 1")
        try (Data(contentsOf: red) + Data(contentsOf: blue)).write(to: both)
        #expect(try Redrawing(both, to: output).frames == 1)
        let picture = try Self.shown(output, folder)
        #expect(picture.count == 64 * 48 * 3 && picture[0] > 200 && picture[2] < 50)
    }

    @Test("a film is not written into one picture")
    func refusesFilmInPicture() throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.mp4")
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:d=1:r=10 -c:v libx264")
        let error = #expect(throws: SakugaError.self) { try Redrawing(input, to: folder.file("x.png")) }
        #expect(error?.code == .usage && error?.hint?.contains("--frames 1") == true)
        var options = InputOptions()
        (options.start, options.frameLimit) = (0.5, 1)
        #expect(try Redrawing(input, to: folder.file("100%d.png"), input: options).frames == 1)
    }

    // MARK: Moving pictures and sequences

    @Test("GIF keeps its frames, its times and its transparency")
    func keepsGIF() throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.gif"), folder.file("out.gif"))
        try MediaTool.make(
            input,
            "-f lavfi -i testsrc2=s=64x48:r=10:d=1,setpts=(N*10+mod(N\\,3)*5)/100/TB,format=rgba,geq=r=r(X\\,Y):g=g(X\\,Y):b=b(X\\,Y):a=255*gt(X\\,20),split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse -vsync vfr"
        )
        try Redrawing(input, to: output)
        let (before, after) = (try Probe(input), try Probe(output))
        #expect(largestDifference(before.times(of: 0), after.times(of: 0)) < 0.001)
        #expect(before.format.duration == after.format.duration)
        let picture = try Self.shown(output, folder, format: "rgba")
        #expect(picture[(10 * 64 + 5) * 4 + 3] == 0 && picture[(10 * 64 + 40) * 4 + 3] == 255)
    }

    @Test("numbered pictures keep their first number", arguments: ["p_%04d.png", "100% p%d.png", "p-%03d.jpg"])
    func keepsNumbers(_ pattern: String) throws {
        let folder = try TemporaryFolder()
        let (inputs, outputs) = (folder.file("in"), folder.file("o%ut"))
        for place in [inputs, outputs] {
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        }
        try MediaTool.make(folder.file("m.mkv"), "-f lavfi -i testsrc=s=64x48:r=10:d=0.5 -c:v ffv1")
        try MediaTool.run(
            "ffmpeg",
            [
                "-v", "error", "-i", folder.file("m.mkv").path, "-start_number", "37",
                inputs.path + "/" + pattern.replacingOccurrences(of: "% ", with: "%% "),
            ])
        let run = try Redrawing(inputs.path + "/" + pattern, to: outputs.path + "/" + pattern)
        #expect(run.frames == 5 && run.reader.numbers?.first == 37)
        let (a, b) = (
            try FileManager.default.contentsOfDirectory(atPath: inputs.path),
            try FileManager.default.contentsOfDirectory(atPath: outputs.path)
        )
        #expect(a.sorted() == b.sorted())
        var trim = InputOptions()
        (trim.start, trim.frameLimit, trim.sequenceRate) = (0.1, 2, 20)
        let trimmed = try Redrawing(inputs.path + "/" + pattern, to: folder.file("t.mkv").path, input: trim)
        #expect(trimmed.frames == 2)
        var options = InputOptions()
        options.sequenceRate = 12
        try Redrawing(inputs.path + "/" + pattern, to: folder.file("o.mp4").path, input: options)
        #expect(largestDifference(try Probe(folder.file("o.mp4")).times(of: 0), (0..<5).map { Double($0) / 12 }) < 1e-4)
    }

    @Test("a sequence with gaps keeps all its pictures, their numbers and their times", arguments: ["%03d", "%d"])
    func keepsGaps(_ number: String) throws {
        let folder = try TemporaryFolder()
        let (inputs, outputs) = (folder.file("in [1]"), folder.file("out"))
        for place in [inputs, outputs] {
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        }
        try MediaTool.make(folder.file("p.png"), "-f lavfi -i testsrc=s=64x48:d=0.1 -frames:v 1")
        let numbers = [8, 9, 12, 13, 101, 1002]
        let names = numbers.map { String(format: "a*\(number).png", $0) }
        for name in names {
            try FileManager.default.copyItem(at: folder.file("p.png"), to: inputs.appendingPathComponent(name))
        }
        let pattern = inputs.path + "/a*\(number).png"
        let run = try Redrawing(pattern, to: outputs.path + "/a*\(number).png")
        #expect(run.frames == 6 && run.reader.numbers == numbers)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outputs.path).sorted() == names.sorted())
        let film = folder.file("f.mkv")
        try Redrawing(pattern, to: film.path, output: .encoder("ffv1"))
        let times = numbers.map { Double($0 - 8) / 25 }
        #expect(largestDifference(try Probe(film).times(of: 0), times) < 0.002)
    }

    @Test("a part of a sequence keeps the numbers of its pictures", arguments: [true, false])
    func keepsNumbersOfPart(_ hasGap: Bool) throws {
        let folder = try TemporaryFolder()
        let source = "-f lavfi -i testsrc=s=64x48:r=25:d=0.4"
        for name in ["in", "out"] {
            try FileManager.default.createDirectory(at: folder.file(name), withIntermediateDirectories: true)
        }
        try MediaTool.make(folder.file("in/%02d.png"), "\(source) -start_number 17")
        if hasGap { try FileManager.default.removeItem(at: folder.file("in/18.png")) }
        var options = InputOptions()
        (options.start, options.frameLimit) = (0.12, 3)
        try Redrawing(folder.file("in/%02d.png"), to: folder.file("out/%02d.png"), input: options)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out").path).sorted()
        #expect(names == ["20.png", "21.png", "22.png"])
    }

    // MARK: Transparency

    @Test("what is transparent gets the nearest visible colour, whatever lay there, also in another size")
    func fillsTransparent() throws {
        let folder = try TemporaryFolder()
        for size in [(60, 40), (45, 30)] {
            var frames: [Frame] = []
            for hidden in [(255, 255), (0, 0)] {
                let file = folder.file("\(UUID().uuidString).png")
                // Left red, right blue, above the middle only.
                let place = "lt(Y\\,20)"
                let red = "220*lt(X\\,30)*\(place)+\(hidden.0)*gte(Y\\,20)"
                let blue = "220*gte(X\\,30)*\(place)+\(hidden.1)*gte(Y\\,20)"
                try MediaTool.make(
                    file,
                    "-f lavfi -i color=s=60x40:d=0.1,format=rgba,geq=r=\(red):g=0:b=\(blue):a=255*\(place) -frames:v 1")
                let reader = try MediaReader(file.path)
                let converter = PictureConverter(
                    for: reader.picture, pool: FramePool(width: size.0, height: size.1), alpha: .keptOverFilledColors)
                frames.append(try converter.frame(from: #require(try reader.nextPicture())))
            }
            let (a, b) = (frames[0], frames[1])
            let count = size.0 * size.1
            #expect((0..<count).allSatisfy { a.alpha!.bytes[$0] == b.alpha!.bytes[$0] })
            #expect((0..<count * 3).allSatisfy { a.pixels.bytes[$0] == b.pixels.bytes[$0] })
            let low = (size.1 - 1) * a.pixels.stride
            let (left, right) = (low + 3 * 3, low + (size.0 - 4) * 3)
            #expect((0..<3).map { a.pixels.bytes[left + $0] } == [220, 0, 0])
            #expect((0..<3).map { a.pixels.bytes[right + $0] } == [0, 0, 220])
            #expect(a.alpha!.bytes[count - 1] == 0 && a.alpha!.bytes[0] == 255)
        }
    }

    // MARK: Sizes

    @Test(
        "odd and tiny sizes", arguments: [(63, 47), (17, 16), (16, 17), (161, 91), (2, 2)],
        ["out.mp4", "out.png", "out.mkv"])
    func takesOddSizes(_ size: (Int, Int), _ name: String) throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.mkv")
        try MediaTool.make(
            input, "-f lavfi -i testsrc=s=\(size.0)x\(size.1):r=25:d=0.2 -c:v ffv1 -pix_fmt yuv420p")
        var options = InputOptions()
        if name.hasSuffix("png") { options.frameLimit = 1 }
        let output = OutputOptions.encoder(name.hasSuffix("png") ? "png" : name.hasSuffix("mkv") ? "ffv1" : "libx264")
        let run = try Redrawing(input, to: folder.file(name), input: options, output: output)
        #expect(run.frames == (name.hasSuffix("png") ? 1 : 5))
        let stream = try Probe(folder.file(name)).video
        let cut = name.hasSuffix("mp4") ? 1 : 0
        #expect(stream.width == size.0 - size.0 % 2 * cut && stream.height == size.1 - size.1 % 2 * cut)
    }

    @Test(
        "a stream that changes size or format on the way keeps all its frames",
        arguments: ["s=96x64", "s=96x64,format=yuv444p", "format=yuv422p10le"])
    func survivesChanges(_ change: String) throws {
        let folder = try TemporaryFolder()
        let (a, b, input) = (folder.file("a.h264"), folder.file("b.h264"), folder.file("in.h264"))
        let size = change.hasPrefix("s=") ? "96x64" : "64x48"
        let format =
            change.split(separator: "=").last.map(String.init).flatMap { $0.hasPrefix("yuv") ? $0 : nil } ?? "yuv420p"
        try MediaTool.make(a, "-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v libx264 -pix_fmt yuv420p -bf 2")
        try MediaTool.make(b, "-f lavfi -i testsrc2=s=\(size):r=25:d=0.4 -c:v libx264 -pix_fmt \(format) -bf 2")
        try (Data(contentsOf: a) + Data(contentsOf: b)).write(to: input)
        let run = try Redrawing(input, to: folder.file("out.mp4"))
        #expect(run.frames == 20)
        #expect(try Probe(folder.file("out.mp4")).times(of: 0).count == 20)
    }

    @Test("the picture keeps its shape when the size is changed")
    func keepsShape() throws {
        let folder = try TemporaryFolder()
        let (input, output) = (folder.file("in.mkv"), folder.file("out.mp4"))
        try MediaTool.make(input, "-f lavfi -i testsrc=s=96x64:r=25:d=0.2,setsar=1 -c:v libx264 -preset ultrafast")
        try Redrawing(input, to: output, size: (48, 64))
        #expect(try Probe(output).video.sampleAspectRatio == "2:1")
    }
}
