package import Foundation
package import Frames
internal import Inference
internal import Media
package import Model
package import Temporal

/// What draws in a run: a preset's generator, or a foreign one from a file.
package enum GeneratorChoice: Sendable {
    case preset(PresetLibrary.Choice)
    case foreign(URL)

    /// - Throws: `.usage` or `.data` where there is no such preset or it is broken.
    package init(_ request: StylizeRequest, presets: PresetLibrary) throws {
        if let model = request.model {
            self = .foreign(URL(fileURLWithPath: model))
        } else {
            self = .preset(try presets.preset(named: request.preset))
        }
    }

    /// The same preset in another size; nil, or a foreign generator: as it is.
    package func sized(_ name: String?) throws -> GeneratorChoice {
        guard let name, case .preset(var choice) = self else { return self }
        choice.size = try choice.preset.size(named: name)
        return .preset(choice)
    }

    /// Stands in the names of outputs.
    package var name: String {
        switch self {
        case .preset(let choice): choice.preset.name
        case .foreign(let file): file.deletingPathExtension().lastPathComponent
        }
    }

    /// The file with its weights: that of the chosen size, or the foreign generator's.
    package var weights: URL {
        switch self {
        case .preset(let choice): choice.size.weightsFile
        case .foreign(let file): file
        }
    }

    /// SHA-256 of all that decides its drawings.
    ///
    /// - Throws: `.noInput` where its file cannot be read.
    func identity() throws -> String {
        switch self {
        case .preset(let choice):
            let hash = ContentHash()
            hash.add(try ContentHash.digest(of: choice.size.weightsFile))
            hash.add(String(decoding: try JSONEncoder.sorted.encode(choice.size.generator), as: UTF8.self))
            return hash.digest()
        case .foreign(let file): return try ContentHash.digest(of: file)
        }
    }

    /// How much is drawn where the user says nothing.
    package var defaultStrength: Double {
        switch self {
        case .preset(let choice): choice.preset.defaults.strength
        case .foreign: 1
        }
    }

    /// How firmly drawings are held still where the user says nothing.
    package var defaultSmoothing: SmoothingStrength {
        switch self {
        case .preset(let choice): SmoothingStrength(rawValue: choice.preset.defaults.smoothing) ?? .strong
        case .foreign: .strong
        }
    }

    /// Compiles the generator for pictures of `width`×`height`.
    package func makeGenerator(_ request: StylizeRequest, width: Int, height: Int) throws -> any FrameGenerator {
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
