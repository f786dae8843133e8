internal import Foundation
internal import Frames
internal import Media
internal import Model
package import Stylize
internal import Temporal

/// What a client may say about how its film is drawn: names and numbers from a list, never a path, a model or a text that
/// goes to an encoder as it is.
package struct JobOptions: Codable, Sendable, Equatable {
    package var preset = PresetLibrary.standard
    package var seed: UInt64?
    package var strength: Double?
    package var keepColor: Bool?
    package var smoothing: String?
    package var scale: Double?
    package var start: Double?
    package var end: Double?
    package var encoder: String?
    package var crf: Double?
    package var audio: String?

    enum CodingKeys: String, CodingKey {
        case preset, seed, strength, smoothing, scale, start, end, encoder, crf, audio
        case keepColor = "keep_color"
    }

    package static let encoders = ["libx264", "libx265", "libvpx-vp9", "libsvtav1"]
    private static let audios = ["copy", "aac", "opus", "none"]

    /// The usual look, as its preset has it.
    init() {}

    /// Reads the options among the parameters of a query; what is no option is left alone.
    ///
    /// - Parameters:
    ///   - presets: the names that may be asked for.
    ///   - options: hold where the query says nothing.
    /// - Throws: `.usage` for a value that is not on the list or out of range.
    init(query: [(name: String, value: String)], presets: [String], over options: JobOptions = JobOptions()) throws {
        self = options
        for (name, value) in query {
            switch name {
            case CodingKeys.preset.rawValue:
                // A size may follow the name: cel:studio.
                guard presets.contains(String(value.prefix { $0 != ":" })), value.allSatisfy(Self.isPlain) else {
                    throw SakugaError(.usage, "there is no such preset")
                }
                preset = value
            case CodingKeys.seed.rawValue: seed = try Self.number(value, name, 0...UInt64.max)
            case CodingKeys.strength.rawValue: strength = try Self.number(value, name, 0...1)
            case CodingKeys.scale.rawValue: scale = try Self.number(value, name, 0.05...4)
            case CodingKeys.start.rawValue: start = try Self.number(value, name, 0...1e6)
            case CodingKeys.end.rawValue: end = try Self.number(value, name, 0...1e6)
            case CodingKeys.crf.rawValue: crf = try Self.number(value, name, 0...63)
            case CodingKeys.keepColor.rawValue: keepColor = try Self.choice(value, name, ["true", "false"]) == "true"
            case CodingKeys.smoothing.rawValue:
                smoothing = try Self.choice(value, name, SmoothingStrength.allCases.map(\.rawValue))
            case CodingKeys.encoder.rawValue: encoder = try Self.choice(value, name, Self.encoders)
            case CodingKeys.audio.rawValue: audio = try Self.choice(value, name, Self.audios)
            default: break
            }
        }
        if let start, let end, end <= start { throw SakugaError(.usage, "end must be later than start") }
    }

    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-_:".contains(character))
    }

    private static func number<Number: Comparable & LosslessStringConvertible>(
        _ text: String, _ name: String, _ range: ClosedRange<Number>
    ) throws -> Number {
        guard let number = Number(text), range.contains(number) else {
            throw SakugaError(.usage, "\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func choice(_ text: String, _ name: String, _ choices: [String]) throws -> String {
        guard choices.contains(text) else {
            throw SakugaError(.usage, "\(name) must be one of \(choices.joined(separator: ", "))")
        }
        return text
    }

    /// The request that draws `input` into `folder`.
    package func request(input: String, folder: String) -> StylizeRequest {
        var request = StylizeRequest(input: input, output: folder + "/", preset: preset)
        request.seed = seed ?? 0
        request.strength = strength
        request.keepsColor = keepColor ?? false
        request.smoothing = smoothing.flatMap(SmoothingStrength.init(rawValue:))
        if let scale { request.size = .scaled(scale) }
        request.inputOptions.start = start
        request.inputOptions.end = end
        request.outputOptions.encoder.name = encoder
        request.outputOptions.encoder.crf = crf
        request.outputOptions.audio =
            switch audio {
            case "copy": .copy
            case "aac": .aac
            case "opus": .opus
            case "none": .none
            default: .automatic
            }
        return request
    }
}
