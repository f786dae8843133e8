import Foundation
import Frames
import Model

/// A preset as `sakuga presets --json` prints it.
struct PresetResult: Encodable {
    struct Size: Encodable {
        var name: String
        var weights: String
        /// Whether the weights file is there.
        var present: Bool
        /// Numbers in the weights file, as the description has them.
        var parameters: Int
        var styleDimensions: Int

        private enum CodingKeys: String, CodingKey {
            case name, weights, present, parameters
            case styleDimensions = "style_dimensions"
        }
    }

    var name: String
    var folder: String
    var title: String?
    var description: String?
    var version: Int?
    var licence: String?
    var sizes: [Size]?
    var defaults: Preset.Defaults?
    var method: String?
    /// What is wrong with it; then nothing else is known.
    var error: String?

    init(_ preset: Preset) {
        name = preset.name
        folder = preset.folder.path
        title = preset.title
        description = preset.summary
        version = preset.version
        licence = preset.licence
        sizes = preset.sizes.map(Size.init)
        defaults = preset.defaults
        method = preset.method
    }

    private init(name: String, folder: String, error: String) {
        self.name = name
        self.folder = folder
        self.error = error
    }

    init(entry: PresetLibrary.Entry) {
        switch entry.preset {
        case .success(let preset): self.init(preset)
        case .failure(let failure):
            self.init(name: entry.name, folder: entry.folder.path, error: failure.message)
        }
    }
}

extension PresetResult.Size {
    init(_ size: Preset.Size) {
        name = size.name
        weights = size.weightsFile.path
        present = FileManager.default.isReadableFile(atPath: size.weightsFile.path)
        parameters = size.generator.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
        styleDimensions = size.generator.styleDimensions
    }
}
