internal import Foundation
internal import Frames
internal import Inference
internal import Media
internal import Stylize
internal import Temporal

/// What a manifest may say about one input, by the names that `sakuga stylize` has for it.
enum ItemOptions {
    /// Sets options on a request.
    ///
    /// - Throws: `.usage` for a name or a value that there is not.
    static func apply(_ options: [String: String], to request: inout StylizeRequest) throws(SakugaError) {
        for (name, value) in options.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            let known = name.replacingOccurrences(of: "_", with: "-")
            guard let set = setters[known] else {
                throw SakugaError(
                    .usage, "there is no option '\(name)'",
                    hint: "a manifest may have input, output, \(setters.keys.sorted().joined(separator: ", "))")
            }
            guard set(&request, value) else { throw SakugaError(.usage, "'\(value)' is no \(name)") }
        }
    }

    /// Each returns false for a value that does not fit.
    private static let setters: [String: @Sendable (inout StylizeRequest, String) -> Bool] = [
        "preset": { set(&$0.preset, $1) },
        "seed": { set(&$0.seed, UInt64($1)) },
        "strength": { set(&$0.strength, number($1, in: 0...1)) },
        "keep-color": { set(&$0.keepsColor, Bool($1)) },
        "smoothing": { set(&$0.smoothing, SmoothingStrength(rawValue: $1)) },
        "scale": { set(&$0.size, number($1, in: 0.01...8).map { .scaled($0) }) },
        "size": { set(&$0.size, size($1)) },
        "start": { set(&$0.inputOptions.start, number($1, in: 0...1e9)) },
        "end": { set(&$0.inputOptions.end, number($1, in: 0...1e9)) },
        "frames": { set(&$0.inputOptions.frameLimit, Int($1).flatMap { $0 > 0 ? $0 : nil }) },
        "encoder": { set(&$0.outputOptions.encoder.name, $1) },
        "crf": { set(&$0.outputOptions.encoder.crf, number($1, in: 0...63)) },
        "encoder-preset": { set(&$0.outputOptions.encoder.preset, $1) },
        "container": { set(&$0.outputOptions.container, $1) },
        "audio": { set(&$0.outputOptions.audio, OutputOptions.AudioChoice(rawValue: $1)) },
    ]

    private static func set<Value>(_ place: inout Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        place = value
        return true
    }

    private static func set<Value>(_ place: inout Value?, _ value: Value?) -> Bool {
        place = value
        return value != nil
    }

    private static func number(_ text: String, in range: ClosedRange<Double>) -> Double? {
        Double(text).flatMap { range.contains($0) ? $0 : nil }
    }

    private static func size(_ text: String) -> StylizeRequest.Size? {
        let sides = text.split(separator: "x").compactMap { Int($0) }
        return sides.count == 2 ? .exactly(width: sides[0], height: sides[1]) : nil
    }
}
