import Foundation
import Frames
import Testing

@testable import Model

@Suite("Generator description")
struct GeneratorDescriptionTests {
    /// The seed preset's description.
    static func seed() throws -> GeneratorDescription {
        try GeneratorDescription(
            styleDimensions: 8, mapping: [32, 32], widths: [.half: 16, .quarter: 64, .eighth: 96],
            residualBlocks: [.quarter: 1, .eighth: 3])
    }

    @Test("the seed's description has the parameters and the work that DESIGN.md says")
    func seedFigures() throws {
        let seed = try Self.seed()
        #expect(seed.parameterCount == 769_548)
        #expect(abs(seed.gigaMACs(width: 640, height: 360) - 4.7) < 0.05)
        #expect(seed.alignment == 8)
    }

    @Test("layers carry the names and shapes of the weights file, in running order")
    func layerNames() throws {
        let names = try Self.seed().layers.map(\.name)
        #expect(
            names == [
                "unshuffle", "stem", "down1", "residual.quarter.0.first", "residual.quarter.0.second",
                "residual.quarter.0.add", "down2", "residual.eighth.0.first", "residual.eighth.0.second",
                "residual.eighth.0.add", "residual.eighth.1.first", "residual.eighth.1.second",
                "residual.eighth.1.add", "residual.eighth.2.first", "residual.eighth.2.second",
                "residual.eighth.2.add", "up2.upsample", "up2", "up2.add", "up1.upsample", "up1", "up1.add", "out",
                "shuffle",
            ])
        let shapes = try Dictionary(uniqueKeysWithValues: Self.seed().parameters.map { ($0.name, $0.shape) })
        #expect(shapes["up2.conv.weight"] == [64, 96, 3, 3])
        #expect(shapes["down2.modulation.weight"] == [192, 32])
        #expect(shapes["out.weight"] == [12, 16, 3, 3])
    }

    @Test("a description comes back from JSON as it was")
    func roundTrip() throws {
        let wide = try GeneratorDescription(
            styleDimensions: 16, mapping: [64], widths: [.half: 32, .quarter: 64, .eighth: 128, .sixteenth: 256],
            residualBlocks: [.sixteenth: 6], decoderBlocks: [.quarter: 2], pictureSkip: true)
        let json = try JSONEncoder().encode(wide)
        #expect(try JSONDecoder().decode(GeneratorDescription.self, from: json) == wide)
        #expect(wide.alignment == 16)
        #expect(wide.layers.contains { $0.name == "decoder.quarter.1.second" })
        #expect(wide.layers.suffix(3).map(\.name) == ["out", "out.add", "shuffle"])
    }

    @Test("a U from full size down takes pixels one by one")
    func fullSize() throws {
        let full = try GeneratorDescription(
            styleDimensions: 2, mapping: [3], widths: [.full: 8, .half: 16, .quarter: 32], residualBlocks: [:],
            decoderBlocks: [.full: 1], pictureSkip: true)
        #expect(
            full.layers.map(\.name) == [
                "stem", "down1", "down2", "up2.upsample", "up2", "up2.add", "up1.upsample", "up1", "up1.add",
                "decoder.full.0.first", "decoder.full.0.second", "decoder.full.0.add", "out", "out.add",
            ])
        #expect(full.layers.map(\.reduction) == [1, 2, 4, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1])
        let shapes = Dictionary(uniqueKeysWithValues: full.parameters.map { ($0.name, $0.shape) })
        #expect(shapes["stem.conv.weight"] == [8, 3, 3, 3])
        #expect(shapes["out.weight"] == [3, 8, 3, 3])
        // Multiply–adds per pixel of each convolution, counted by hand.
        let (down, up): (Int, Int) = (3 * 8 + 8 * 16 / 4 + 16 * 32 / 16, 32 * 16 / 4 + 16 * 8 + 2 * 8 * 8 + 8 * 3)
        let expected = Double(9 * (down + up) * 640 * 360) * 1e-9
        #expect(abs(full.gigaMACs(width: 640, height: 360) - expected) < 1e-9)
        let json = try JSONEncoder().encode(full)
        #expect(try JSONDecoder().decode(GeneratorDescription.self, from: json) == full)
    }

    @Test(
        "impossible descriptions are refused with the number and its range",
        arguments: [
            (#""style_dimensions": 0"#, "style_dimensions is 0, expected 1 to 512"),
            (#""mapping": []"#, "the number of mapping layers is 0, expected 1 to 8"),
            (#""widths": {"half": 99999}"#, "widths.half is 99999, expected 1 to 1024"),
            (
                #""widths": {"half": 8, "eighth": 8}"#,
                "widths must be given from 'full' or 'half' downwards without a gap: "
                    + "full, half, quarter, eighth, sixteenth"
            ),
            (
                #""widths": {"third": 8}"#,
                "widths names the scale 'third', expected full, half, quarter, eighth or sixteenth"
            ),
            (#""residual_blocks": {"quarter": -1}"#, "residual_blocks.quarter is -1, expected 0 to 64"),
            (#""residual_blocks": {"sixteenth": 1}"#, "residual blocks at scale 'sixteenth', which has no width"),
            (#""version": 7"#, "generator version 7 is not known, expected 1"),
        ])
    func impossible(change: String, sentence: String) throws {
        var keys: [String: String] = [
            "version": "1", "style_dimensions": "8", "mapping": "[32]", "widths": #"{"half": 8, "quarter": 8}"#,
            "residual_blocks": "{}",
        ]
        let parts = change.split(separator: ":", maxSplits: 1).map(String.init)
        keys[parts[0].trimmingCharacters(in: ["\""])] = parts[1]
        let json = "{" + keys.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",") + "}"
        let error = #expect(throws: SakugaError.self) {
            try JSONDecoder().decode(GeneratorDescription.self, from: Data(json.utf8))
        }
        #expect(error?.message == sentence)
        #expect(error?.code == .data)
    }
}
