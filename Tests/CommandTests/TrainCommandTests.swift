import Foundation
import Model
import Support
import Testing

@Suite(
    "Training from the command line",
    .enabled(if: StyleFolder.isTrainable, "training needs ffmpeg for pictures and the library of `make training`"),
    .onOwnThreads, .timeLimit(.minutes(30)))
struct TrainCommandTests {
    @Test("pictures become a preset that draws, with sheets, checkpoint and losses beside it")
    func trainsAPreset() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.train("mine", steps: 6)
        #expect(result.code == 0, "\(result.errorOutput)")
        let kept = Set(try FileManager.default.contentsOfDirectory(atPath: command.file("checkpoints/mine-live").path))
        #expect(
            kept == ["checkpoint.safetensors", "losses.jsonl", "losses.png", "sheet-000004.png", "sheet-000006.png"])
        #expect(
            try Tool.run(
                "ffprobe",
                [
                    "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0",
                    command.file("checkpoints/mine-live/sheet-000006.png").path,
                ]
            ).output == "1024,768\n")
        let drawn = try command.run(
            ["stylize", StyleFolder.photos.appendingPathComponent("0.png").path, "-p", "mine", "-o", "drawn.png"])
        #expect(drawn.code == 0, "\(drawn.errorOutput)")
    }

    @Test("Ctrl-C saves, --resume goes on, and the end is the same as without a stop")
    func stopsAndGoesOn() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        #expect(try command.train("whole", steps: 12).code == 0)
        let running = try command.start(StyleFolder.arguments("parts", steps: 12), environment: StyleFolder.environment)
        #expect(running.waitForErrorOutput { $0.contains("step 1 of 12") || $0.contains("\"step\":1,") })
        running.send(SIGINT)
        let stopped = try running.wait()
        #expect(stopped.code == 130 || stopped.code == 0, "\(stopped.errorOutput)")
        if stopped.code == 130 {
            #expect(stopped.errorOutput.contains("the same command with --resume goes on"))
            let again = try command.train("parts", steps: 12)
            #expect(again.code == 73 && again.errorOutput.contains("holds a training already"))
            #expect(try command.train("parts", steps: 12, more: ["--resume"]).code == 0)
        }
        func weights(_ name: String) throws -> Data { try Data(contentsOf: command.file("\(name)/live.safetensors")) }
        #expect(try weights("whole") == weights("parts"))
    }

    @Test("two processes follow the loss curve of one within 1e-3 for 50 steps")
    func twoProcessesFollowOne() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        #expect(try command.train("one", steps: 50, more: ["--recipe", StyleFolder.initialRecipe.path]).code == 0)
        let meeting = command.file("meeting").path
        let both = try (0..<2).map { rank in
            try command.start(
                StyleFolder.arguments(
                    "two", steps: 50,
                    more: [
                        "--recipe", StyleFolder.initialRecipe.path, "--processes", "2", "--rank", "\(rank)", "--meet",
                        meeting,
                    ]), environment: StyleFolder.environment)
        }
        for process in both {
            let result = try process.wait(timeout: 120)
            #expect(result.code == 0, "\(result.errorOutput)")
        }
        let (one, two) = (try command.losses("one"), try command.losses("two"))
        #expect(one.count == 50 && two.count == 50)
        let worst = zip(one, two).map { abs($0 - $1) }.max() ?? .infinity
        print("two processes against one: worst difference \(worst) of losses \(one[0]) to \(one[49])")
        #expect(worst <= 1e-3)
    }

    @Test(
        "what cannot be trained is refused in a sentence",
        arguments: [
            (["--style", "nowhere"], Int32(66), "'nowhere' is no folder"),
            (["--style", "."], 65, "'.' holds 0 pictures that can be used"),
            (["--crop", "100"], 64, "--crop must be a multiple of 16"),
            (["--crop", "512"], 65, "expected 1 or more"),
            (["--recipe", "none.json"], 66, "cannot read recipe 'none.json'"),
            (["--resume"], 66, "there is no checkpoint"),
            (["--device", "cuda"], 69, "finds no CUDA device"),
            (["--vgg", "none.safetensors"], 69, "none.safetensors'"),
            (["-o", "no name!"], 64, "is no name for a preset"),
        ])
    func refusals(arguments: [String], code: Int32, sentence: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.train("mine", steps: 4, more: arguments)
        #expect(result.code == code && result.errorOutput.contains(sentence), "\(result.errorOutput)")
    }

    @Test("without the library the message says how to get it")
    func withoutLibrary() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(
            StyleFolder.arguments("mine", steps: 4), environment: ["SAKUGA_TORCH": "nowhere.so"])
        #expect(result.code == 69 && result.errorOutput.contains("make training"), "\(result.errorOutput)")
    }
}

extension BuiltCommand {
    func train(_ name: String, steps: Int, more: [String] = []) throws -> Result {
        try run(
            StyleFolder.arguments(name, steps: steps, more: more), environment: StyleFolder.environment, timeout: 120)
    }

    /// The generator's loss in every step.
    func losses(_ name: String) throws -> [Double] {
        struct Line: Decodable {
            let losses: [String: Double]
        }
        let text = try String(contentsOf: file("checkpoints/\(name)-live/losses.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).losses["total"] ?? .nan
        }
    }
}

/// Pictures and weights for trainings of a few seconds.
enum StyleFolder {
    static let library = BuiltCommand.package.appendingPathComponent(".deps/training/libsakuga-torch.so").path
    static var isTrainable: Bool { Clip.hasFFmpeg && FileManager.default.fileExists(atPath: library) }
    static let environment = ["SAKUGA_TORCH": library, "OMP_WAIT_POLICY": "passive"]

    private static let folder = made { folder in
        for index in 0..<3 {
            try draw("mandelbrot=s=160x120:start_scale=\(3 - index)", "photos/\(index).png", in: folder)
            try draw("testsrc=s=200x140:n=\(index)", "art/\(index).png", in: folder)
        }
        try write("recipe.json", initialSteps: 4, of: 8, in: folder)
        try write("initial.json", initialSteps: 1, of: 1, in: folder)
        try TestVGG.file(.vgg16).write(to: folder.appendingPathComponent("vgg.safetensors"))
    }
    static var photos: URL { folder.appendingPathComponent("photos") }
    /// A recipe of reconstruction alone.
    static var initialRecipe: URL { folder.appendingPathComponent("initial.json") }

    static func arguments(_ name: String, steps: Int, more: [String] = []) -> [String] {
        func unless(_ option: String, _ value: String) -> [String] { more.contains(option) ? [] : [option, value] }
        return ["train", "--photos", photos.path, "--steps", "\(steps)", "--sheet-every", "4", "--progress", "json"]
            + ["--precision", "f32", "--threads", "1"]
            + unless("--style", folder.appendingPathComponent("art").path) + unless("-o", name)
            + unless("--recipe", folder.appendingPathComponent("recipe.json").path)
            + unless("--vgg", folder.appendingPathComponent("vgg.safetensors").path)
            + unless("--crop", "96") + more
    }

    private static func made(_ fill: (URL) throws -> Void) -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-style-\(UUID().uuidString)")
        do {
            for name in ["photos", "art"] {
                try FileManager.default.createDirectory(
                    at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
            }
            try fill(folder)
        } catch {
            Issue.record("cannot make pictures: \(error)")
        }
        return folder
    }

    private static func draw(_ source: String, _ name: String, in folder: URL) throws {
        let file = folder.appendingPathComponent(name).path
        _ = try Tool.run("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", "1", file])
    }

    private static func write(_ name: String, initialSteps: Int, of steps: Int, in folder: URL) throws {
        let recipe = """
            {"steps": \(steps), "initialSteps": \(initialSteps), "batch": 2, "initialBatch": 6, "discriminatorWidth": 4,
             "contentStages": ["conv1_2"], "perceptualStages": ["conv1_2"], "styleStages": ["conv1_2", "conv2_1"],
             "weights": {"style": 1, "discrepancy": 0},
             "generator": {"version": 1, "style_dimensions": 4, "mapping": [8], "widths": {"half": 8, "quarter": 16},
               "residual_blocks": {"quarter": 1}}}
            """
        try Data(recipe.utf8).write(to: folder.appendingPathComponent(name))
    }
}
