package import Foundation
package import Frames

/// Writes a size of a preset: its weights and its entry in `preset.json`, which is made where it is missing.
package struct PresetWriter {
    /// What `preset.json` says beside the sizes, where it is new.
    package struct Identity: Sendable {
        package var title: String
        package var summary: String
        package var licence: String

        package init(title: String, summary: String, licence: String) {
            (self.title, self.summary, self.licence) = (title, summary, licence)
        }
    }

    package let folder: URL

    /// - Throws: `.usage` where the folder's name is none for a preset.
    package init(folder: URL) throws {
        guard PresetLibrary.isName(folder.lastPathComponent) else {
            throw SakugaError(
                .usage, "'\(folder.lastPathComponent)' is no name for a preset",
                hint: "use letters, digits, '-', '_' and '.'")
        }
        self.folder = folder
    }

    /// Writes weights, as 16-bit numbers, and description. Other sizes and whatever else `preset.json` says stay as they are.
    ///
    /// - Parameter provenance: how the weights came about, a JSON object; becomes `provenance.SIZE`.
    /// - Throws: `.cannotCreate` where the folder cannot be written, `.data` where `preset.json` makes no sense.
    package func write(
        size: String, generator: GeneratorDescription, weights: Safetensors, identity: Identity, provenance: Data
    ) throws {
        let failure = "cannot write preset '\(folder.path)'"
        let name = folder.lastPathComponent
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SakugaError(.cannotCreate, "\(failure): \(error.localizedDescription)")
        }
        let file = folder.appendingPathComponent(Preset.descriptionFile)
        var json = try existing(file) ?? fresh(name, size, identity)
        var sizes = json["sizes"] as? [String: Any] ?? [:]
        let weightsName = "\(size).\(Preset.weightsExtension)"
        let description = try JSONSerialization.jsonObject(with: JSONEncoder().encode(generator))
        sizes[size] = ["generator": description, "weights": weightsName]
        json["sizes"] = sizes
        var history = json["provenance"] as? [String: Any] ?? [:]
        history[size] = try JSONSerialization.jsonObject(with: provenance)
        json["provenance"] = history
        try weights.write(to: folder.appendingPathComponent(weightsName), inHalf: true)
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try JSONSerialization.data(withJSONObject: json, options: options).write(to: file, options: .atomic)
        } catch {
            throw SakugaError(.cannotCreate, "\(failure): \(error.localizedDescription)")
        }
    }

    private func existing(_ file: URL) throws -> [String: Any]? {
        guard let data = try? Data(contentsOf: file) else { return nil }
        guard let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw SakugaError(.data, "'\(file.path)' is not a JSON object", hint: "take it away to have it made anew")
        }
        return json
    }

    private func fresh(_ name: String, _ size: String, _ identity: Identity) -> [String: Any] {
        [
            "name": name, "title": identity.title, "description": identity.summary, "version": 1,
            "licence": identity.licence,
            "defaults": ["size": size, "strength": 1, "smoothing": "strong"] as [String: Any],
        ]
    }
}
