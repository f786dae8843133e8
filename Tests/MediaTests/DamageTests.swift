import Foundation
import Frames
import Media
import Support
import Synchronization
import Testing

@Suite("Damaged and strange inputs") struct DamageTests {
    static let formats: [(String, String)] = [
        ("in.mp4", "-c:v libx264 -preset ultrafast -bf 2 -c:a aac -movflags faststart"),
        ("in.mkv", "-c:v libx264 -preset ultrafast -bf 2 -c:a aac"),
        ("in.ts", "-c:v libx264 -preset ultrafast -c:a mp2"), ("in.avi", "-c:v mpeg4 -c:a mp3"),
        ("in.webm", "-c:v libvpx-vp9 -cpu-used 8 -c:a libopus"),
        ("in.flv", "-c:v flv -c:a mp3"),
    ]

    @Test("a truncated file is drawn as far as it decodes, and said to be damaged", arguments: formats)
    func drawsTruncated(_ format: (String, String)) throws {
        let folder = try TemporaryFolder()
        let (whole, cut) = (folder.file(format.0), folder.file("cut-" + format.0))
        try MediaTool.make(whole, "-f lavfi -i testsrc2=s=96x64:r=25:d=2 -f lavfi -i sine=d=2 \(format.1) -g 12")
        let bytes = try Data(contentsOf: whole)
        let clean = try Redrawing(whole, to: folder.file("whole.mkv"), output: .encoder("ffv1"))
        #expect(clean.frames == 50 && clean.damage.isClean, "\(clean.damage)")
        var last = 0
        for percent in stride(from: 5, through: 95, by: 15) {
            try bytes.prefix(bytes.count * percent / 100).write(to: cut)
            do {
                let run = try Redrawing(cut, to: folder.file("out.mkv"), output: .encoder("ffv1"))
                #expect(run.frames >= last && run.frames <= 50, "\(percent) %")
                last = run.frames
                // A transport stream has no length; where it ends, it ends.
                if !format.0.hasSuffix("ts"), run.frames < (format.0.hasSuffix("flv") ? 36 : 50) {
                    #expect(!run.damage.isClean, "\(percent) %: \(run.frames)")
                }
            } catch let error as SakugaError {
                #expect(error.code == .data && percent < 60, "\(percent) %: \(error)")
            }
        }
        #expect(last > 25)
    }

    @Test("a photograph that was cut off is drawn, and said to be damaged", arguments: [20, 60, 90, 100])
    func drawsCutPhotographs(_ percent: Int) throws {
        let folder = try TemporaryFolder()
        let (whole, cut) = (folder.file("a.jpg"), folder.file("b.jpg"))
        try MediaTool.make(whole, "-f lavfi -i testsrc2=s=320x240:d=0.1 -frames:v 1 -q:v 2")
        let bytes = try Data(contentsOf: whole)
        try bytes.prefix(bytes.count * percent / 100).write(to: cut)
        let run = try Redrawing(cut, to: folder.file("out.png"))
        #expect(run.frames == 1 && run.damage.isClean == (percent == 100), "\(run.damage)")
    }

    @Test("flipped bits never crash or hang, and most frames are drawn", arguments: formats)
    func survivesFlippedBits(_ format: (String, String)) throws {
        let folder = try TemporaryFolder()
        let (whole, broken) = (folder.file(format.0), folder.file("broken-" + format.0))
        try MediaTool.make(whole, "-f lavfi -i testsrc2=s=96x64:r=25:d=1 -f lavfi -i sine=d=1 \(format.1) -g 12")
        let bytes = try Data(contentsOf: whole)
        var state: UInt64 = 42
        for _ in 0..<6 {
            var data = bytes
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let at = Int(state >> 33) % (data.count - 4000) + 4000
                data[data.startIndex + at] ^= 1 << UInt8((state >> 20) & 7)
            }
            try data.write(to: broken)
            for start in [nil, 0.3] {
                var options = InputOptions()
                (options.start, options.end) = (start, start.map { $0 + 0.4 })
                do {
                    let run = try Redrawing(
                        broken, to: folder.file("out.mkv"), input: options, output: .encoder("ffv1"))
                    #expect((1...60).contains(run.frames))
                } catch let error as SakugaError {
                    #expect(error.code == .data || start != nil && error.code == .usage, "\(error)")
                }
            }
        }
    }

    @Test("impossible times never crash, and count as missing", arguments: [nil, 0.2], [false, true])
    func survivesImpossibleTimes(_ start: Double?, _ converts: Bool) throws {
        let folder = try TemporaryFolder()
        let (whole, broken, facts) = (folder.file("in.mp4"), folder.file("broken.mp4"), folder.file("facts.txt"))
        try ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=All\n"
            .write(to: facts, atomically: true, encoding: .utf8)
        try MediaTool.make(
            whole, "-f lavfi -i testsrc2=s=96x64:r=25:d=1 -f lavfi -i sine=d=1 -i \(facts.path) -map_chapters 2",
            "-c:v libx264 -preset ultrafast -c:a aac -g 5 -movflags frag_keyframe+empty_moov")
        let bytes = try Data(contentsOf: whole)
        var options = InputOptions()
        (options.start, options.end) = (start, start.map { _ in 1e300 })
        for base: Int64 in [.max, .max - 1 << 20, .min, .min + 1, 1 << 61, 1 << 62, -1 << 62] {
            var data = bytes
            let value = withUnsafeBytes(of: base.bigEndian) { Data($0) }
            // Where a fragment begins (tfdt), and where a chapter does (chpl), are numbers of 64 bits.
            for (box, skipped, spared) in [("tfdt", 4, 4), ("chpl", 9, 0)] {
                var from = data.startIndex
                var count = 0
                while let found = data.range(of: Data(box.utf8), in: from..<data.endIndex) {
                    from = found.upperBound
                    count += 1
                    if count > spared { data.replaceSubrange((from + skipped)..<(from + skipped + 8), with: value) }
                }
                #expect(box == "chpl" || count > spared + 2)
            }
            try data.write(to: broken)
            var output = OutputOptions.encoder("ffv1")
            if converts { output.audio = .aac }
            do {
                let run = try Redrawing(broken, to: folder.file("out.mkv"), input: options, output: output)
                #expect((1...25).contains(run.frames))
            } catch let error as SakugaError {
                #expect(error.code == .data || error.code == .usage, "\(error)")
            }
        }
    }

    @Test("a full disk is not explained with what a decoder said of damage")
    func blamesNoDecoder() throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.avi")
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=320x240:r=25:d=1 -c:v mpeg4 -q:v 2")
        var data = try Data(contentsOf: input)
        for at in stride(from: 8000, to: data.count - 8000, by: 97) { data[data.startIndex + at] ^= 0x55 }
        try data.write(to: input)
        var output = OutputOptions.encoder("ffv1")
        output.container = "matroska"
        let error = #expect(throws: SakugaError.self) { try Redrawing(input.path, to: "/dev/full", output: output) }
        #expect(
            error?.message.hasPrefix("cannot write '/dev/full': no space left on device (") == true
                && error?.message.contains(";") == false, "\(String(describing: error))")
    }

    @Test("a pipe that cannot be opened is refused", .enabled(if: geteuid() != 0, "root may open everything"))
    func refusesClosedPipe() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.file("pipe")
        mkfifo(pipe.path, 0o000)
        let error = #expect(throws: SakugaError.self) { try MediaReader(pipe.path) }
        #expect(error?.code == .noInput)
    }

    @Test("an AVI file without a length, as from a pipe, is not called damaged", arguments: [0, UInt8.max])
    func takesUnknownLength(_ byte: UInt8) throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.avi")
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v mpeg4")
        var data = try Data(contentsOf: input)
        data.replaceSubrange(4..<8, with: Data(repeating: byte, count: 4))
        try data.write(to: input)
        let run = try Redrawing(input, to: folder.file("out.mkv"))
        #expect(run.frames == 10 && run.damage.isClean, "\(run.damage)")
    }

    @Test(
        "what cannot be drawn is refused in a sentence",
        arguments: [
            ("text.mp4", "data"), ("empty.mp4", "data"), ("missing.mp4", "noInput"), ("sound.mp3", "data"),
            ("covered.mp3", "data"), ("folder", "noInput"),
            ("p%03d.png", "noInput"), ("zeros.mkv", "data"), ("header.mp4", "data"),
        ])
    func refuses(_ test: (String, String)) throws {
        let folder = try TemporaryFolder()
        try "This is no film.".write(to: folder.file("text.mp4"), atomically: true, encoding: .utf8)
        try Data().write(to: folder.file("empty.mp4"))
        try Data(count: 20000).write(to: folder.file("zeros.mkv"))
        try FileManager.default.createDirectory(at: folder.file("folder"), withIntermediateDirectories: true)
        if test.0.hasSuffix("mp3") {
            try MediaTool.make(folder.file("sound.mp3"), "-f lavfi -i sine=d=1")
            try MediaTool.make(folder.file("c.jpg"), "-f lavfi -i color=red:s=32x32:d=1 -frames:v 1")
            try MediaTool.make(
                folder.file("covered.mp3"),
                "-i \(folder.file("sound.mp3").path) -i \(folder.file("c.jpg").path) -map 0 -map 1 -c copy")
        }
        if test.0 == "header.mp4" {
            try MediaTool.make(
                folder.file("w.mp4"), "-f lavfi -i testsrc2=s=96x64:r=25:d=1 -c:v libx264 -movflags faststart")
            try Data(contentsOf: folder.file("w.mp4")).prefix(2500).write(to: folder.file("header.mp4"))
        }
        let error = #expect(throws: SakugaError.self) { try MediaReader(folder.file(test.0).path) }
        #expect(error.map { "\($0.code)" } == test.1)
        #expect(error?.message.contains(test.0) == true && error?.hint != nil, "\(String(describing: error))")
    }

    @Test(
        "names with blanks, umlauts, colons, percent signs and dashes",
        arguments: [
            "-dash.mkv", "a b c.mkv", "Grüße 日本.mkv", "a:b.mkv", "100%.mkv", "50%d.mkv", "%04d.mkv", "q'uote\".mkv",
            "http:x.mkv", "[x]*?.mkv", String(repeating: "n", count: 230) + ".mkv",
        ])
    func takesStrangeNames(_ name: String) throws {
        let folder = try TemporaryFolder()
        let plain = folder.file("plain.mkv")
        try MediaTool.make(plain, "-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -c:v ffv1")
        try FileManager.default.createDirectory(at: folder.file("o"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: plain, to: folder.file(name))
        #expect(try Redrawing(folder.file(name), to: folder.file("o/" + name)).frames == 5)
        var one = InputOptions()
        one.frameLimit = 1
        let picture = "o/" + name.dropLast(4) + ".png"
        if !name.contains("%0") && !name.contains("%d") {
            try Redrawing(folder.file(name), to: folder.file(picture), input: one)
            #expect(FileManager.default.fileExists(atPath: folder.file(picture).path))
            #expect(try Redrawing(folder.file(picture), to: folder.file("o/again.png")).frames == 1)
        }
    }

    @Test("a still picture whose name looks like a pattern is one picture")
    func takesPercentNames() throws {
        let folder = try TemporaryFolder()
        let (plain, strange) = (folder.file("p.png"), folder.file("50%d off.png"))
        try MediaTool.make(plain, "-f lavfi -i testsrc2=s=64x48:d=0.1 -frames:v 1")
        try FileManager.default.moveItem(at: plain, to: strange)
        #expect(try Redrawing(strange, to: folder.file("out.png")).frames == 1)
    }

    @Test("stopping ends a read that waits for a pipe")
    func stopsBlockedRead() async throws {
        let folder = try TemporaryFolder()
        let (file, pipe) = (folder.file("in.mkv"), folder.file("pipe"))
        try MediaTool.make(file, "-f lavfi -i testsrc2=s=64x48:r=25:d=4 -c:v mpeg4 -g 5")
        mkfifo(pipe.path, 0o600)
        // Half the file, then silence: the writer keeps the pipe open.
        let size = try Data(contentsOf: file).count
        let feeder = Process()
        feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
        feeder.arguments = ["-c", "(head -c \(size / 2) '\(file.path)'; sleep 20) > '\(pipe.path)'"]
        try feeder.run()
        defer { feeder.terminate() }
        let reader = try MediaReader(pipe.path)
        let began = ContinuousClock.now
        Thread.detachNewThread {
            usleep(600_000)
            reader.stop()
        }
        var frames = 0
        while try reader.nextPicture() != nil { frames += 1 }
        #expect(ContinuousClock.now - began < .seconds(5))
        #expect(frames > 5 && frames < 100)
    }

    @Test("stopping ends an opening that waits for the network")
    func stopsBlockedOpening() throws {
        // A listener that accepts in its queue and never sends.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try #require(bind(listener, $0, size) == 0 && listen(listener, 1) == 0)
                try #require(getsockname(listener, $0, &size) == 0)
            }
        }
        var options = InputOptions()
        let stop = StopSignal()
        options.stop = stop
        Thread.detachNewThread {
            usleep(400_000)
            stop.raise()
        }
        let began = ContinuousClock.now
        let error = #expect(throws: SakugaError.self) {
            try MediaReader("tcp://127.0.0.1:\(UInt16(bigEndian: address.sin_port))", options: options)
        }
        #expect(
            error?.code == .interrupted && ContinuousClock.now - began < .seconds(5), "\(String(describing: error))")
    }

    @Test("memory does not grow with the number of frames")
    func reusesMemory() throws {
        let folder = try TemporaryFolder()
        let input = folder.file("in.mkv")
        try MediaTool.make(input, "-f lavfi -i testsrc2=s=320x240:r=25:d=8 -f lavfi -i sine=d=8 -c:v mpeg4 -c:a aac")
        var places = Set<UnsafeMutablePointer<UInt8>>()
        try Redrawing(input, to: folder.file("out.mkv")) { places.insert($0.pixels.bytes) }
        #expect(places.count <= 2)
    }
}
