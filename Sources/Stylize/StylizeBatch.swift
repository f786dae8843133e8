internal import Foundation
internal import Frames
package import Model

/// Several requests that are drawn one after the other: checked together before the first is drawn.
package enum StylizeBatch {
    /// Checks what would otherwise fail only hours later: that the preset is there, that no two results get one name,
    /// and that no result replaces another input.
    ///
    /// What an input holds is guessed from its name here, since opening a thousand files takes long.
    ///
    /// - Throws: `.usage` and `.data`, naming the inputs.
    package static func check(_ requests: [StylizeRequest], presets: PresetLibrary = PresetLibrary()) throws {
        var inputOf: [String: String] = [:]
        var names: [(input: String, output: String)] = []
        for request in requests {
            let preset = try GeneratorChoice(request, presets: presets).name
            let output = try OutputName(
                request, isStill: MediaNames.isPicture(request.input), preset: preset
            ).path
            guard output != "-" else { continue }
            if let other = inputOf.updateValue(request.input, forKey: standard(output)) {
                throw SakugaError(
                    .usage,
                    other == request.input
                        ? "'\(other)' is given twice"
                        : "'\(other)' and '\(request.input)' would both become '\(output)'",
                    hint: other == request.input
                        ? "give it once" : "draw them one after the other, into different folders")
            }
            names.append((request.input, output))
        }
        let inputs = Dictionary(requests.map { (standard($0.input), $0.input) }) { first, _ in first }
        for name in names {
            if let replaced = inputs[standard(name.output)] {
                throw SakugaError(
                    .usage, "drawing '\(name.input)' would replace the input '\(replaced)'",
                    hint: "name another folder with -o: the originals are never replaced")
            }
        }
    }

    /// One spelling of a path, symbolic links followed as far as the path exists.
    private static func standard(_ path: String) -> String {
        let url = URL(fileURLWithPath: path)
        return url.deletingLastPathComponent().resolvingSymlinksInPath().appendingPathComponent(url.lastPathComponent)
            .standardizedFileURL.path
    }
}
