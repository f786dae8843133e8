import Foundation

/// Writes a command's result as JSON for standard output.
enum JSONResult {
    /// Returns `value` as indented JSON with sorted keys, without a final line feed.
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
