import Foundation
import Frames
import Model

/// Presets in words.
enum PresetText {
    /// Returns one line per preset: name, sizes, what it looks like.
    static func table(_ entries: [PresetLibrary.Entry]) -> String {
        let rows = entries.map { entry -> (name: String, sizes: String, about: String) in
            switch entry.preset {
            case .success(let preset):
                (entry.name, preset.sizes.map(\.name).joined(separator: ", "), preset.summary)
            case .failure(let failure): (entry.name, "-", "broken: \(failure.message)")
            }
        }
        let nameWidth = rows.map(\.name.count).max() ?? 0
        let sizesWidth = rows.map(\.sizes.count).max() ?? 0
        return rows.map { row in
            "\(padded(row.name, to: nameWidth))  \(padded(row.sizes, to: sizesWidth))  \(row.about)"
        }.joined(separator: "\n")
    }

    /// Returns everything about one preset.
    static func details(_ preset: Preset) -> String {
        var lines = ["\(preset.title) (\(preset.name), version \(preset.version))", preset.summary, ""]
        func add(_ name: String, _ text: String) { lines.append("\(padded(name, to: 9))  \(text)") }
        for size in preset.sizes.map(PresetResult.Size.init) {
            let name = size.name == preset.defaults.size ? "\(size.name) (default)" : size.name
            let state = size.present ? "" : ", not here: \(size.weights)"
            add("size", "\(name): \(size.parameters) parameters, \(size.styleDimensions) style dimensions\(state)")
        }
        add("strength", "\(preset.defaults.strength)")
        add("smoothing", preset.defaults.smoothing)
        add("licence", preset.licence)
        if let method = preset.method { add("made", method) }
        add("folder", preset.folder.path)
        return lines.joined(separator: "\n")
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
