import Foundation
import Frames
import Pipeline

/// A rendering begins.
struct StartEvent: Encodable, Sendable {
    var input: String
    var output: String
    /// The preset's name, or the file name of a foreign model.
    var preset: String
    /// Size of the output, in pixels; nil where there are outputs of many sizes.
    var width: Int?
    var height: Int?
    /// Frames to draw, nil where the input does not say.
    var frames: Int?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(input, forKey: .input)
        try container.encode(output, forKey: .output)
        try container.encode(preset, forKey: .preset)
        try container.encode(width, forKey: .width)
        try container.encode(height, forKey: .height)
        try container.encode(frames, forKey: .frames)
    }

    private enum CodingKeys: CodingKey { case input, output, preset, width, height, frames }
}

/// A rendering is done, and its output in place.
struct DoneEvent: Encodable, Sendable {
    var output: String
    /// Frames drawn.
    var frames: Int
    /// Wall time from start to end, in seconds.
    var seconds: Double
    /// Frames per second of that time.
    var fps: Double { seconds > 0 ? Double(frames) / seconds : 0 }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(output, forKey: .output)
        try container.encode(frames, forKey: .frames)
        try container.encode((seconds * 1_000).rounded() / 1_000, forKey: .seconds)
        try container.encode((fps * 10).rounded() / 10, forKey: .fps)
    }

    private enum CodingKeys: CodingKey { case output, frames, seconds, fps }
}

/// Something went otherwise than one might expect, and the work goes on.
struct WarningEvent: Encodable, Sendable {
    var message: String
}

/// The work failed; `code` is the exit code.
struct ErrorEvent: Encodable, Sendable {
    var code: Int32
    var message: String
    var hint: String?

    init(_ error: SakugaError) {
        code = error.code.rawValue
        message = error.message
        hint = error.hint
    }
}

/// Writes events as JSON lines.
enum JSONLine {
    /// Returns `{"event":"NAME",…}` with the fields of `event` and a line feed.
    static func text(_ name: String, _ event: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // NaN and infinity cannot come in: every rate above is a quotient by a positive number.
        let fields = (try? encoder.encode(event)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return fields == "{}" ? "{\"event\":\"\(name)\"}\n" : "{\"event\":\"\(name)\",\(fields.dropFirst())\n"
    }
}
