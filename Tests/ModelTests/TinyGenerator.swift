import Foundation

@testable import Model

/// The smallest U there is, with made-up weights, for tests that need any generator.
enum TinyGenerator {
    static func description(scales: [GeneratorDescription.Scale: Int] = [.half: 4, .quarter: 4]) throws
        -> GeneratorDescription
    {
        try GeneratorDescription(styleDimensions: 2, mapping: [3], widths: scales, residualBlocks: [.quarter: 1])
    }

    static func weights(_ description: GeneratorDescription) -> Safetensors {
        var tensors: [String: Tensor] = [:]
        for parameter in description.parameters {
            let count = parameter.shape.reduce(1, *)
            tensors[parameter.name] = Tensor(
                shape: parameter.shape, values: (0..<count).map { Float(($0 * 37) % 19 - 9) / 50 })
        }
        return Safetensors(tensors: tensors)
    }

    /// Writes a preset folder and returns it.
    static func writePreset(named name: String, in parent: URL) throws -> URL {
        let folder = parent.appendingPathComponent(name, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let description = try description()
        try weights(description).write(to: folder.appendingPathComponent("live.safetensors"))
        try Data(json(name: name).utf8).write(to: folder.appendingPathComponent("preset.json"))
        try Data("by nobody\n".utf8).write(to: folder.appendingPathComponent("CREDITS.md"))
        return folder
    }

    static func json(name: String) -> String {
        """
        {"name": "\(name)", "title": "T", "description": "D", "version": 1, "licence": "CC0-1.0", "mood": "unknown key",
         "sizes": {"live": {"weights": "live.safetensors", "generator": {"version": 1, "style_dimensions": 2,
           "mapping": [3], "widths": {"half": 4, "quarter": 4}, "residual_blocks": {"quarter": 1}}}},
         "defaults": {"size": "live", "strength": 1, "smoothing": "light"}}
        """
    }
}

/// A folder that is gone when the test is over.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sakuga-test-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}
