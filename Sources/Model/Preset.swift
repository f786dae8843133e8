package import Foundation
internal import Frames

/// A look: a folder with `preset.json`, the weights of one or more sizes of generator, and credits.
///
/// A preset is trusted no more than any download: keys, names, sizes and shapes are checked before anything is allocated.
package struct Preset: Sendable {
    /// One generator of the preset.
    package struct Size: Sendable {
        /// The key under `sizes`, such as `live`.
        package let name: String
        package let generator: GeneratorDescription
        /// The safetensors file.
        package let weightsFile: URL
    }

    /// What the command line uses where the user says nothing.
    package struct Defaults: Sendable, Equatable, Codable {
        package let size: String
        /// 0 is the original picture, 1 the drawing.
        package let strength: Double
        /// `off`, `light` or `strong`.
        package let smoothing: String
    }

    package let folder: URL
    package let name: String
    package let title: String
    package let summary: String
    package let version: Int
    package let licence: String
    /// In the order of their names.
    package let sizes: [Size]
    package let defaults: Defaults
    /// How the weights came about: `provenance.method`, where it is told.
    package let method: String?

    package static let descriptionFile = "preset.json"
    /// The files of a preset beside its weights.
    static let otherFiles = [descriptionFile, "CREDITS.md", "LICENSE", "preview.jpg"]
    static let weightsExtension = "safetensors"

    /// Whether a file of this name can belong to a preset.
    static func canHold(file: String) -> Bool {
        otherFiles.contains(file) || (PresetLibrary.isName(file) && file.hasSuffix("." + weightsExtension))
    }

    /// Reads `preset.json` in `folder`. Unknown keys are ignored; missing and ill-typed ones are an error that names them.
    /// The weights are not read yet.
    ///
    /// - Throws: `.noInput` where there is no such file, `.data` where it makes no sense.
    package init(folder: URL) throws {
        let file = folder.appendingPathComponent(Self.descriptionFile)
        let failure = "cannot read preset '\(folder.path)'"
        let largest = 1 << 20
        guard let handle = try? FileHandle(forReadingFrom: file) else {
            throw SakugaError(.noInput, "\(failure): there is no \(Self.descriptionFile) that can be read")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: largest + 1), data.count <= largest else {
            throw SakugaError(.data, "\(failure): \(Self.descriptionFile) cannot be read or is larger than 1 MiB")
        }
        do {
            let json = try JSONDecoder().decode(PresetFile.self, from: data)
            try self.init(json, folder: folder)
        } catch let error as DecodingError {
            throw SakugaError(.data, "\(failure): \(Self.sentence(error))")
        } catch let error as SakugaError {
            throw SakugaError(error.code, "\(failure): \(error.message)", hint: error.hint)
        }
    }

    private init(_ json: PresetFile, folder: URL) throws {
        self.folder = folder
        name = json.name
        title = json.title
        summary = json.description
        version = json.version
        licence = json.licence
        defaults = json.defaults
        method = json.provenance?.method
        guard PresetLibrary.isName(json.name) else {
            throw SakugaError(
                .data, "the name '\(json.name)' may hold only letters, digits, '-', '_' and '.', and no '.' in front")
        }
        sizes = try json.sizes.sorted { $0.key < $1.key }.map { key, size in
            guard PresetLibrary.isName(size.weights) else {
                throw SakugaError(
                    .data, "sizes.\(key).weights is '\(size.weights)', expected the plain name of a file in the folder")
            }
            return Size(
                name: key, generator: size.generator, weightsFile: folder.appendingPathComponent(size.weights))
        }
        guard !sizes.isEmpty else { throw SakugaError(.data, "sizes is empty") }
        guard (0...1).contains(defaults.strength) else {
            throw SakugaError(.data, "defaults.strength is \(defaults.strength), expected 0 to 1")
        }
        guard ["off", "light", "strong"].contains(defaults.smoothing) else {
            throw SakugaError(
                .data, "defaults.smoothing is '\(defaults.smoothing)', expected off, light or strong")
        }
    }

    /// The size of this name; without one the preset's default, or any it has where the file of that one is missing.
    ///
    /// - Throws: `.usage` for an unknown size, naming the known ones.
    package func size(named name: String? = nil) throws -> Size {
        if let name {
            guard let size = sizes.first(where: { $0.name == name }) else {
                throw SakugaError(
                    .usage, "preset '\(self.name)' has no size '\(name)'",
                    hint: "it has: " + sizes.map { "\(self.name):\($0.name)" }.joined(separator: ", "))
            }
            return size
        }
        let present = sizes.filter { FileManager.default.fileExists(atPath: $0.weightsFile.path) }
        return present.first { $0.name == defaults.size } ?? present.first
            ?? sizes.first { $0.name == defaults.size } ?? sizes[0]
    }

    /// Reads and checks the weights of a size.
    ///
    /// - Throws: `.noInput` or `.data`, naming the file and the tensor.
    package func weights(of size: Size) throws -> GeneratorWeights {
        let file = try Safetensors(contentsOf: size.weightsFile)
        do {
            return try GeneratorWeights(file, description: size.generator)
        } catch let error as SakugaError {
            throw SakugaError(error.code, "cannot use weights '\(size.weightsFile.path)': \(error.message)")
        }
    }

    /// What is wrong with a JSON document, naming the key.
    private static func sentence(_ error: DecodingError) -> String {
        func path(_ keys: [any CodingKey]) -> String {
            keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(descriptionFile) has no key '\(path(context.codingPath + [key]))'"
        case .typeMismatch(let type, let context):
            return "key '\(path(context.codingPath))' in \(descriptionFile) should be \(noun(for: type))"
        case .valueNotFound(let type, let context):
            return "key '\(path(context.codingPath))' in \(descriptionFile) is null, expected \(noun(for: type))"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "key '\(path(context.codingPath))' in \(descriptionFile): \(context.debugDescription)"
        default:
            return "\(descriptionFile) is not valid JSON"
        }
    }

    private static func noun(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is [Int].Type, is [Any].Type: "a list"
        default: "an object"
        }
    }
}

/// `preset.json` as it is written.
private struct PresetFile: Decodable {
    struct Size: Decodable {
        let generator: GeneratorDescription
        let weights: String
    }

    struct Provenance: Decodable {
        let method: String?
    }

    let name: String
    let title: String
    let description: String
    let version: Int
    let licence: String
    let sizes: [String: Size]
    let defaults: Preset.Defaults
    let provenance: Provenance?
}
