internal import Foundation
internal import Frames
internal import Inference
internal import Model
internal import Temporal

/// What draws in a run: a preset's generator, or a foreign one from a file.
enum GeneratorChoice {
    case preset(PresetLibrary.Choice)
    case foreign(URL)

    /// - Throws: `.usage` or `.data` where there is no such preset or it is broken.
    init(_ request: StylizeRequest, presets: PresetLibrary) throws {
        if let model = request.model {
            self = .foreign(URL(fileURLWithPath: model))
        } else {
            self = .preset(try presets.preset(named: request.preset))
        }
    }

    /// Stands in the names of outputs.
    var name: String {
        switch self {
        case .preset(let choice): choice.preset.name
        case .foreign(let file): file.deletingPathExtension().lastPathComponent
        }
    }

    /// How much is drawn where the user says nothing.
    var defaultStrength: Double {
        switch self {
        case .preset(let choice): choice.preset.defaults.strength
        case .foreign: 1
        }
    }

    /// How firmly drawings are held still where the user says nothing.
    var defaultSmoothing: SmoothingStrength {
        switch self {
        case .preset(let choice): SmoothingStrength(rawValue: choice.preset.defaults.smoothing) ?? .strong
        case .foreign: .strong
        }
    }

    /// Compiles the generator for pictures of `width`×`height`.
    func makeGenerator(_ request: StylizeRequest, width: Int, height: Int) throws -> any FrameGenerator {
        switch self {
        case .preset(let choice) where request.isTileable:
            try TileableGenerator(
                preset: choice.preset, size: choice.size.name, seed: request.seed, width: width, height: height,
                options: request.inference)
        case .foreign(let file) where request.isTileable:
            try TileableGenerator(
                model: file, range: request.modelRange, width: width, height: height, options: request.inference)
        case .preset(let choice):
            try Generator(
                preset: choice.preset, size: choice.size.name, seed: request.seed, width: width, height: height,
                options: request.inference)
        case .foreign(let file):
            try ForeignGenerator(
                model: file, range: request.modelRange, width: width, height: height, options: request.inference)
        }
    }
}
