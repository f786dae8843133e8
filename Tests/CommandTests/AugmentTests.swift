import Foundation
import Testing

@Suite(
    "Augmenting data sets", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the pictures"), .onOwnThreads,
    .timeLimit(.minutes(30)))
struct AugmentTests {
    /// A data set with pictures in two sizes, YOLO labels, masks, a COCO file and what goes with them.
    private func makeDataset(in command: BuiltCommand) throws {
        func write(_ text: String, _ name: String) throws {
            let file = command.file(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        for name in ["a", "b"] {
            try write("0 0.5 0.5 0.2 0.2\n", "set/labels/\(name).txt")
            try write("mask of \(name)", "set/masks/\(name)_m.png")
        }
        try write("train: images\n", "set/data.yaml")
        try write("dog\n", "set/classes.txt")
        try write("numbers", "set/depth/a.npy")
        try write("film", "set/film.mp4")
        try FileManager.default.createDirectory(at: command.file("set/images"), withIntermediateDirectories: true)
        try Clip.photo.copy(to: command.file("set/images/a.jpg"))
        try Clip.picture.copy(to: command.file("set/images/b.png"))
        try write(
            #"{"images":[{"id":1,"file_name":"a.jpg"},{"id":2,"file_name":"b.png"}],"#
                + #""annotations":[{"id":1,"image_id":1,"bbox":[1,2,3,4]},{"id":2,"image_id":2,"bbox":[5,6,7,8]}]}"#,
            "set/all.json")
    }

    private func run(
        _ command: BuiltCommand, _ arguments: String..., output: String = "out"
    ) throws -> BuiltCommand.Result {
        try command.run(["augment", "set", "-o", output, "--progress", "none"] + arguments)
    }

    private func names(_ command: BuiltCommand, _ folder: String = "out") throws -> [String] {
        try Refusal.files(in: command.file(folder)).filter { $0.value >= 0 }.keys.sorted()
    }

    private func contents(_ command: BuiltCommand, _ folder: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try names(command, folder) {
            contents[name] = try Data(contentsOf: command.file("\(folder)/\(name)"))
        }
        return contents
    }

    @Test("every picture is drawn for every seed, and labels, masks and lists follow")
    func everything() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        let result = try run(command, "--variants", "2", "--seed", "4", "--copy", "depth/")
        #expect(result.code == 0 && result.output == "" && result.errorOutput == "", "\(result.errorOutput)")
        var expected = ["all.json", "classes.txt", "data.yaml", "manifest.jsonl"]
        for seed in [4, 5] {
            expected += ["images/a-s\(seed).jpg", "images/b-s\(seed).png", "depth/a-s\(seed).npy"]
            expected += ["a", "b"].flatMap { ["labels/\($0)-s\(seed).txt", "masks/\($0)-s\(seed)_m.png"] }
        }
        #expect(try names(command) == expected.sorted())
        let mask = try Data(contentsOf: command.file("out/masks/b-s5_m.png"))
        #expect(mask == Data("mask of b".utf8))
        let document = try String(contentsOf: command.file("out/all.json"), encoding: .utf8)
        #expect(document.contains(#"{"id":5,"file_name":"b-s4.png"}"#), "\(document)")
        #expect(document.contains(#"{"id":6,"image_id":6,"bbox":[5,6,7,8]}"#), "\(document)")
        for (name, size) in [("a-s4.jpg", "80,64"), ("b-s5.png", "64,48")] {
            let found = try Tool.run(
                "ffprobe",
                ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0"]
                    + [command.file("out/images/\(name)").path])
            #expect(found.output == size + "\n")
        }
        #expect(
            try Data(contentsOf: command.file("out/images/b-s4.png"))
                != Data(contentsOf: command.file("out/images/b-s5.png")))
    }

    @Test("the manifest tells how each drawing was made, and strengths lie in the range")
    func manifest() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        #expect(try run(command, "--variants", "3", "--strength", "0.25..0.5").code == 0)
        struct Line: Decodable {
            var kind, output, source: String
            var seed: Int?
            var z: [Double]?
            var strength: Double?
            var preset, version: String?
        }
        let lines = try String(contentsOf: command.file("out/manifest.jsonl"), encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.map(\.output) == (try names(command)).filter { $0 != "manifest.jsonl" })
        let drawings = lines.filter { $0.kind == "drawing" }
        #expect(drawings.count == 6)
        #expect(drawings.allSatisfy { (0.25...0.5).contains($0.strength ?? 9) && $0.preset == "anime:live" })
        #expect(Set(drawings.map { $0.strength ?? 9 }).count > 3)
        let canonical = drawings.first { $0.output == "images/a-s0.jpg" }
        #expect(canonical?.z == Array(repeating: 0, count: 8) && canonical?.source == "images/a.jpg")
        // Seed 1 as StyleCode's tests have it.
        let second = drawings.first { $0.output == "images/a-s1.jpg" }
        #expect(abs((second?.z?.first ?? 9) + 0.028250) < 1e-5)
    }

    @Test("a run goes on where another was stopped, to the same files as an undisturbed one")
    func resumes() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        #expect(try run(command, "--variants", "2").code == 0)
        #expect(try run(command, "--variants", "2", output: "again").code == 0)
        let whole = try contents(command, "out")
        #expect(try contents(command, "again") == whole)
        for name in ["images/a-s1.jpg", "labels/a-s1.txt", "all.json"] {
            try FileManager.default.removeItem(at: command.file("again/\(name)"))
        }
        let manifest = command.file("again/manifest.jsonl")
        try (Data(contentsOf: manifest) + Data("{\"kind\":\"dra".utf8)).write(to: manifest)
        try Data("half".utf8).write(to: command.file("again/images/b-s1.unfinished-999999.png"))
        let kept = command.file("again/images/b-s0.png")
        let before = try FileManager.default.attributesOfItem(atPath: kept.path)[.modificationDate] as? Date
        #expect(try run(command, "--variants", "2", output: "again").code == 0)
        #expect(try contents(command, "again") == whole)
        let after = try FileManager.default.attributesOfItem(atPath: kept.path)[.modificationDate] as? Date
        #expect(before == after, "what was finished is not drawn again")
        // More variants go beside the first.
        #expect(try run(command, "--variants", "3", output: "again").code == 0)
        #expect(try names(command, "again").contains("images/a-s2.jpg"))
        #expect(try contents(command, "again")["images/a-s0.jpg"] == whole["images/a-s0.jpg"])
    }

    @Test(
        "options that make no sense are refused",
        arguments: [
            (["--variants", "0"], "--variants must be between 1 and 1000, not 0"),
            (
                ["--variants", "2", "--strength", "0.9..0.1"],
                "the value '0.9..0.1' is invalid for '--strength <strength>'"
            ),
            (["--variants", "2", "--strength", "nan"], "the value 'nan' is invalid for '--strength <strength>'"),
            (
                ["--variants", "2", "--seed", "18446744073709551615"],
                "--seed must leave room for the variants' numbers"
            ),
        ])
    func badOptions(arguments: [String], error: String) throws {
        try Refusal(
            id: error, arguments: ["augment", "set", "-o", "out"] + arguments, code: 64, error: error,
            hint: "see 'sakuga augment --help'"
        ).check()
    }

    @Test("a folder that is not there, or holds no picture, is refused")
    func noPictures() throws {
        try Refusal(
            id: "none", arguments: ["augment", "set", "-o", "out", "--variants", "1"], code: 66,
            error: "cannot open the folder 'set'", hint: "check the path"
        ).check()
        try Refusal(
            id: "empty", arguments: ["augment", ".", "-o", "out", "--variants", "1"], code: 65,
            error: "there is no picture to draw in the folder '.'",
            hint: "files are judged by their names, such as .jpg or .png"
        ).check()
    }

    @Test("a signal stops it with code 130, and nothing unfinished stays")
    func stops() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        let arguments = ["augment", "set", "-o", "out", "--variants", "60", "--progress", "json"]
        let running = try command.start(arguments)
        let hasBegun = running.waitForErrorOutput { $0.contains("\"event\":\"progress\"") && !$0.contains("warning") }
        #expect(hasBegun)
        running.send(SIGINT)
        let result = try running.wait(timeout: 30)
        #expect(result.code == 130 && !result.wasKilled, "\(result.errorOutput)")
        let files = FileManager.default.fileExists(atPath: command.file("out").path) ? try names(command) : []
        #expect(!files.contains { $0.contains("unfinished") } && !files.contains("all.json"))
    }

    @Test("originals come along where they are asked for")
    func keepsOriginals() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        #expect(try run(command, "--variants", "1", "--keep-original").code == 0)
        let names = try names(command)
        for name in ["images/a.jpg", "images/a-s0.jpg", "labels/b.txt", "masks/a_m.png", "masks/a-s0_m.png"] {
            #expect(names.contains(name))
        }
        #expect(try Data(contentsOf: command.file("out/images/a.jpg")) == Clip.photo.bytes)
        let document = try String(contentsOf: command.file("out/all.json"), encoding: .utf8)
        #expect(
            document.contains(#"{"id":1,"file_name":"a.jpg"}"#)
                && document.contains(#"{"id":3,"file_name":"a-s0.jpg"}"#))
    }

    @Test("a bad picture is named and left out of the lists, the rest is drawn")
    func badPicture() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        try Data("no picture".utf8).write(to: command.file("set/images/a.jpg"))
        let result = try run(command, "--variants", "1")
        #expect(result.code == 0)
        let lines = result.errorOutput.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("warning: 'set/images/a.jpg' is skipped: "), "\(lines)")
        #expect(lines.last?.hasPrefix("warning: 'set/all.json': 1 image is left out") == true)
        let names = try names(command)
        #expect(names.contains("images/b-s0.png") && !names.contains { $0.contains("a-s0") })
        // Nothing but bad ones.
        try FileManager.default.removeItem(at: command.file("set/images/b.png"))
        let none = try run(command, "--variants", "1", output: "none")
        #expect(none.code == 65 && none.errorOutput.contains("error: no picture in 'set' could be drawn"))
        #expect(!FileManager.default.fileExists(atPath: command.file("none").path))
    }

    @Test("a label file that is damaged is named, and everything else is made")
    func badDocument() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        let text = #"{"images":[{"id":1,"file_name":"a.jpg"}],"annotations":[{"id" 2}]}"#
        try Data(text.utf8).write(to: command.file("set/all.json"))
        let result = try run(command, "--variants", "1")
        #expect(result.code == 0)
        #expect(result.errorOutput == "warning: 'set/all.json' is passed over: it is no valid JSON\n")
        let names = try names(command)
        #expect(names.contains("images/a-s0.jpg") && !names.contains { $0.hasSuffix(".json") })
    }

    @Test("no original is replaced, however the folders lie in each other")
    func nested() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        let inside = command.file("set/set")
        try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
        try Data("inner\n".utf8).write(to: inside.appendingPathComponent("classes.txt"))
        // The inner file would come to lie where the outer one is.
        let refused = try command.run(
            "augment", "set", "-o", ".", "--variants", "1", "--overwrite", "--progress", "none")
        #expect(refused.code == 64, "\(refused.errorOutput)")
        #expect(try Data(contentsOf: command.file("set/classes.txt")) == Data("dog\n".utf8))
        // Drawings inside the data set are not drawn again.
        for _ in 0..<2 { #expect(try run(command, "--variants", "1", output: "set/drawn").code == 0) }
        #expect(
            try names(command, "set/drawn").filter { $0.hasPrefix("images/") } == [
                "images/a-s0.jpg", "images/b-s0.png",
            ])
    }

    @Test("a turned photograph is drawn as it is stored, and the drawing says how to turn it", arguments: [6, 3])
    func turned(orientation: Int) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try FileManager.default.createDirectory(at: command.file("set"), withIntermediateDirectories: true)
        let bytes = try Clip.photo.bytes
        let tiff: [UInt8] = [
            0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0,
        ]
        let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(2 + 6 + tiff.count)] + Array("Exif\0\0".utf8) + tiff
        try (bytes.prefix(2) + Data(segment) + bytes.dropFirst(2)).write(to: command.file("set/t.jpg"))
        #expect(try run(command, "--variants", "1").code == 0)
        let drawn = command.file("out/t-s0.jpg")
        let stored = try Tool.run(
            "ffprobe", ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", drawn.path])
        #expect(stored.output == "80,64\n")
        let tags = try Tool.run(
            "ffprobe",
            ["-v", "error", "-show_frames", "-show_entries", "frame_tags=Orientation", "-of", "csv=p=0"]
                + [drawn.path])
        #expect(tags.output.contains("\(orientation)"), "\(tags.output)")
    }

    @Test("what is there and was made otherwise is replaced only with leave")
    func replaces() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try makeDataset(in: command)
        #expect(try run(command, "--variants", "1").code == 0)
        let before = try contents(command, "out")
        let refused = try run(command, "--variants", "1", "--strength", "0.1")
        #expect(refused.code == 73)
        #expect(
            refused.errorOutput.hasPrefix(
                "error: 'out/images/a-s0.jpg' exists already and was made with other options\nhint: "))
        #expect(try contents(command, "out") == before)
        #expect(try run(command, "--variants", "1", "--strength", "0.1", "--overwrite").code == 0)
        #expect(try contents(command, "out")["images/a-s0.jpg"] != before["images/a-s0.jpg"])
        // A stranger's file.
        try FileManager.default.createDirectory(at: command.file("new/images"), withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: command.file("new/images/a-s0.jpg"))
        #expect(try run(command, "--variants", "1", output: "new").code == 73)
        #expect(try names(command, "new") == ["images/a-s0.jpg"])
        let same = try run(command, "--variants", "1", output: "set")
        #expect(
            same.code == 64 && same.errorOutput.hasPrefix("error: the drawings cannot go into the folder 'set' itself"))
    }
}
