import Foundation
import Frames
import Testing

@testable import Model

@Suite("Preset folder")
struct PresetTests {
    @Test("the first preset of the checkout is whole")
    func firstPreset() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let preset = try Preset(folder: root.appendingPathComponent("presets/cel"))
        #expect(preset.name == "cel")
        #expect(preset.defaults.smoothing == "strong")
        let weights = try preset.weights(of: preset.size())
        #expect(weights.tensors.values.reduce(0) { $0 + $1.values.count } == 258_259)
    }

    @Test("unknown keys are ignored")
    func unknownKeys() throws {
        let folder = try TemporaryFolder()
        let preset = try Preset(folder: TinyGenerator.writePreset(named: "tiny", in: folder.url))
        #expect(preset.sizes.map(\.name) == ["live"])
        #expect(throws: SakugaError.self) { try preset.size(named: "studio") }
    }

    @Test(
        "a missing or ill-typed key is named",
        arguments: [
            (#""title": "T", "#, "", "preset.json has no key 'title'"),
            (
                #""version": 1, "licence""#, #""version": "1", "licence""#,
                "key 'version' in preset.json should be a whole number"
            ),
            (
                #""mapping": [3]"#, #""mapping": ["x"]"#,
                "key 'sizes.live.generator.mapping.[0]' in preset.json should be a whole number"
            ),
            (
                #", "residual_blocks": {"quarter": 1}"#, "",
                "preset.json has no key 'sizes.live.generator.residual_blocks'"
            ),
            (#""defaults": {"size": "live","#, #""defaults": {"#, "preset.json has no key 'defaults.size'"),
            (#""strength": 1,"#, #""strength": 1.5,"#, "defaults.strength is 1.5, expected 0 to 1"),
            (
                #""smoothing": "light""#, #""smoothing": "extra""#,
                "defaults.smoothing is 'extra', expected off, light or strong"
            ),
            (
                #""live.safetensors""#, #""../live.safetensors""#,
                "sizes.live.weights is '../live.safetensors', expected the plain name of a file in the folder"
            ),
            (#""half": 4"#, #""half": 0"#, "widths.half is 0, expected 1 to 1024"),
            ("{", "", "preset.json is not valid JSON"),
        ])
    func broken(part: String, replacement: String, sentence: String) throws {
        let folder = try TemporaryFolder()
        let preset = try TinyGenerator.writePreset(named: "tiny", in: folder.url)
        let file = preset.appendingPathComponent("preset.json")
        let json = TinyGenerator.json(name: "tiny")
        let range = try #require(json.range(of: part))
        try Data(json.replacingCharacters(in: range, with: replacement).utf8).write(to: file)
        let error = #expect(throws: SakugaError.self) { try Preset(folder: preset) }
        #expect(error?.message == "cannot read preset '\(preset.path)': \(sentence)")
        #expect(error?.code == .data)
    }

    @Test("weights are checked against the description, and the tensor is named")
    func weights() throws {
        let folder = try TemporaryFolder()
        let preset = try Preset(folder: TinyGenerator.writePreset(named: "tiny", in: folder.url))
        let size = try preset.size()
        let good = TinyGenerator.weights(size.generator)
        func sentence(_ change: (inout Safetensors) -> Void) throws -> String? {
            var file = good
            change(&file)
            try file.write(to: size.weightsFile)
            return #expect(throws: SakugaError.self) { try preset.weights(of: size) }?.message
        }
        let start = "cannot use weights '\(size.weightsFile.path)': tensor "
        #expect(try sentence { $0.tensors["stem.conv.bias"] = nil } == start + "'stem.conv.bias' is missing")
        #expect(
            try sentence { $0.tensors["out.weight"] = Tensor(shape: [3, 4], values: Array(repeating: 0, count: 12)) }
                == start + "'out.weight' has shape [3, 4], expected [12, 4, 3, 3]")
        #expect(
            try sentence { $0.tensors["out.bias"] = Tensor(shape: [12], values: Array(repeating: .nan, count: 12)) }
                == start + "'out.bias' holds numbers that are not finite (NaN or infinity)")
    }
}
