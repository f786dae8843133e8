import Foundation
import Testing

private let cel = BuiltCommand.package.appendingPathComponent("presets/cel")
private let film: @Sendable (BuiltCommand) throws -> Void = { try Clip.film.copy(to: $0.file("in.mkv")) }

/// A copy of the preset `cel` named `look`, damaged by `change`.
private func broken(
    _ id: String, code: Int32 = 65, error: String, hint: String? = nil,
    change: @escaping @Sendable (_ folder: URL) throws -> Void
) -> Refusal {
    Refusal(
        id: id, arguments: ["stylize", "in.mkv", "-o", "out.mkv", "-p", "look"], code: code, error: error, hint: hint,
        prepare: { command in
            try film(command)
            let folder = command.file("look")
            try FileManager.default.copyItem(at: cel, to: folder)
            try change(folder)
        })
}

/// `preset.json` with something replaced in its text.
private func replacing(_ old: String, with new: String) -> @Sendable (URL) throws -> Void {
    { folder in
        let file = folder.appendingPathComponent("preset.json")
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: object, options: options), as: UTF8.self)
        try #require(text.contains(old), "preset.json has no \(old): \(text)")
        try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
    }
}

private func weights(_ change: @escaping @Sendable (inout Data) throws -> Void) -> @Sendable (URL) throws -> Void {
    { folder in
        let file = folder.appendingPathComponent("live.safetensors")
        var data = try Data(contentsOf: file)
        try change(&data)
        try data.write(to: file)
    }
}

@Suite(
    "Bad presets",
    .enabled(
        if: Clip.hasFFmpeg && FileManager.default.fileExists(atPath: cel.path),
        "ffmpeg makes the films, presets/cel is damaged"), .onOwnThreads, .timeLimit(.minutes(30)))
struct BadPresetTests {
    private static let unreadable = "cannot read preset '…/look': "
    private static let badWeights = "cannot read weights '…/look/live.safetensors': "

    static let refusals: [Refusal] = [
        Refusal(
            id: "unknown name, a letter off", arguments: ["stylize", "in.mkv", "-o", "out.mkv", "-p", "cell"],
            code: 64, error: "there is no preset 'cell'", hint: "did you mean 'cel'?", prepare: film),
        Refusal(
            id: "unknown name", arguments: ["stylize", "in.mkv", "-o", "out.mkv", "-p", "rembrandt"], code: 64,
            error: "there is no preset 'rembrandt'", hint: "the presets are: …", prepare: film),
        Refusal(
            id: "unknown size", arguments: ["stylize", "in.mkv", "-o", "out.mkv", "-p", "cel:huge"], code: 64,
            error: "preset 'cel' has no size 'huge'", hint: "it has: cel:…", prepare: film),
        Refusal(
            id: "a folder that is no preset", arguments: ["stylize", "in.mkv", "-o", "out.mkv", "-p", "./look"],
            code: 66, error: "cannot open preset './look': there is no preset.json in it", hint: nil, prepare: film),
        broken("preset.json cut short", error: unreadable + "preset.json is not valid JSON") { folder in
            try Data("{ \"name\": ".utf8).write(to: folder.appendingPathComponent("preset.json"))
        },
        broken(
            "version ill-typed", error: unreadable + "key 'version' in preset.json should be a whole number",
            change: replacing("\"title\"", with: "\"version\":\"new\",\"title\"")),
        broken(
            "sizes ill-typed", error: unreadable + "key 'sizes' in preset.json should be an object",
            change: { folder in
                let file = folder.appendingPathComponent("preset.json")
                let data = try Data(contentsOf: file)
                var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                object["sizes"] = 5
                try JSONSerialization.data(withJSONObject: object).write(to: file)
            }),
        broken(
            "defaults.strength out of range", error: unreadable + "defaults.strength is 7.0, expected 0 to 1",
            change: replacing("\"strength\":1", with: "\"strength\":7")),
        broken(
            "a newer generator", error: unreadable + "generator version 9 is not known, expected 1",
            hint: "a newer Sakuga may read it",
            change: replacing("\"style_dimensions\":8,\"version\":1", with: "\"style_dimensions\":8,\"version\":9")),
        broken(
            "a width beyond all measure", error: unreadable + "widths.half is 1000000000, expected 1 to 1024",
            change: replacing("\"half\":16", with: "\"half\":1000000000")),
        broken(
            "weights outside the folder",
            error: unreadable + "sizes.live.weights is '../look/live.safetensors', "
                + "expected the plain name of a file in the folder",
            change: replacing("\"live.safetensors\"", with: "\"../look/live.safetensors\"")),
        broken("weights missing", code: 66, error: badWeights + "no such file") { folder in
            try FileManager.default.removeItem(at: folder.appendingPathComponent("live.safetensors"))
        },
        broken("weights are a folder", code: 66, error: badWeights + "not a file") { folder in
            let file = folder.appendingPathComponent("live.safetensors")
            try FileManager.default.removeItem(at: file)
            try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        },
        broken(
            "weights empty", error: badWeights + "not a safetensors file (0 bytes)",
            change: weights { $0 = Data() }),
        broken(
            "weights cut short",
            error: badWeights + "tensor '…' ends at byte …, but the file holds only … (cut short?)",
            change: weights { $0 = $0.prefix(100_000) }),
        broken(
            "weights with a header beyond all measure",
            error: badWeights
                + "not a safetensors file, or cut short (a header of 9223372036854775807 bytes in a file of …",
            change: weights { $0.replaceSubrange(0..<8, with: Array(repeating: 255, count: 7) + [127]) }),
        broken(
            "weights with garbage for a header",
            error: badWeights + "not a safetensors file (its header is not the JSON object expected)",
            change: weights { $0.replaceSubrange(8..<200, with: Array(repeating: 33, count: 192)) }),
        broken(
            "weights of another shape",
            error: "cannot use weights '…/look/live.safetensors': tensor 'down1.conv.weight' has shape "
                + "[16, 8, 3, 3], expected [17, 8, 3, 3]",
            change: replacing("\"half\":16", with: "\"half\":17")),
        broken(
            "weights that are no numbers",
            error: "cannot use weights '…/look/live.safetensors': tensor '…' holds numbers that are not finite "
                + "(NaN or infinity)",
            change: weights { $0.replaceSubrange(($0.count - 64)..<$0.count, with: Array(repeating: 255, count: 64)) }),
    ]

    /// A foreign network that is none. OpenVINO must not print anything by itself.
    private static func network(
        _ id: String, _ name: String, _ bytes: [UInt8]?, code: Int32 = 65, error: String, hint: String?
    ) -> Refusal {
        Refusal(
            id: id, arguments: ["stylize", "in.mkv", "-o", "out.mkv", "-m", name], code: code, error: error, hint: hint,
            prepare: { command in
                try film(command)
                if let bytes { try Data(bytes).write(to: command.file(name)) }
            })
    }

    static let networks = [
        network(
            "no network", "net.onnx", nil, code: 66, error: "cannot open network '…/net.onnx': no such file",
            hint: "check the path"),
        network(
            "a network of words", "net.onnx", Array("words".utf8),
            error: "cannot read network '…/net.onnx': it is not in ONNX's format, or cut short",
            hint: "try to get the file again"),
        network(
            "an empty network", "net.pb", [],
            error: "cannot read network '…/net.pb': it is not in TensorFlow's format, or cut short",
            hint: "try to get the file again"),
        network(
            "zeros for a network", "net.tflite", Array(repeating: 0, count: 5_000),
            error: "cannot read network '…/net.tflite': it is not in TensorFlow Lite's format, or cut short",
            hint: "try to get the file again"),
        // A message that says its graph is longer than the file.
        network(
            "a network cut short", "net.onnx", [0x08, 0x08, 0x3A, 0x80, 0x20, 0x0A, 0x00],
            error: "cannot read network '…/net.onnx': it is not in ONNX's format, or cut short",
            hint: "try to get the file again"),
        network(
            "a network that is a film", "net.mkv", [1, 2, 3],
            error: "cannot use network '…/net.mkv': expected a file in .onnx, .pb or .tflite format", hint: nil),
    ]

    static let missingKeys: [Refusal] = ["name", "title", "description", "version", "licence", "sizes", "defaults"].map
    {
        key in
        broken("without \(key)", error: unreadable + "preset.json has no key '\(key)'") { folder in
            let file = folder.appendingPathComponent("preset.json")
            let data = try Data(contentsOf: file)
            var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            object[key] = nil
            try JSONSerialization.data(withJSONObject: object).write(to: file)
        }
    }

    @Test("a preset that cannot be used is refused in a sentence", arguments: refusals + missingKeys + networks)
    func refusal(_ wrong: Refusal) throws { try wrong.check() }

    @Test("without any preset the places are named where they are looked for")
    func noPresets() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try film(command)
        // A program that lies alone.
        let program = command.file("bin/sakuga")
        try FileManager.default.createDirectory(
            at: program.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: BuiltCommand.executable, to: program)
        let result = try Tool.run(
            "env",
            [
                "-i", "-C", command.home.path, "HOME=\(command.home.path)", program.path, "stylize", "in.mkv", "-o",
                "o.mkv",
            ])
        #expect(result.code == 64)
        #expect(result.errorOutput.hasPrefix("error: there is no preset 'anime'\nhint: no presets were found; "))
        #expect(result.errorOutput.contains("\(command.home.path)/.local/share/sakuga/presets"))
    }
}
