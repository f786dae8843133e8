import Foundation
import Testing

/// One thing that cannot work, with the exit code and the words it ends with.
///
/// In the expected words `…` stands for anything: what FFmpeg says differs from version to version.
struct Refusal: Sendable, CustomTestStringConvertible {
    /// A name that stays, to find the case by.
    var id: String
    var arguments: [String]
    var code: Int32
    var error: String
    var hint: String?
    var environment: [String: String] = [:]
    /// Puts the files in place that the case needs.
    var prepare: @Sendable (BuiltCommand) throws -> Void = { _ in }

    var testDescription: String { id }

    /// Runs the program and checks everything that is promised about errors: code, one line of error and one of hint,
    /// nothing on standard output, and not a trace among the files.
    func check(launcher: [String] = []) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try prepare(command)
        try check(in: command, launcher: launcher)
    }

    func check(in command: BuiltCommand, launcher: [String] = []) throws {
        let before = try Self.files(in: command.home)
        let result = try command.run(
            arguments + ["--progress", "none"], environment: environment, launcher: launcher, timeout: 30)
        #expect(!result.wasKilled, "crashed with signal \(result.code)")
        #expect(result.code == code, "\(result.errorOutput)")
        #expect(result.output == "", "standard output is for results")
        #expect(try Self.files(in: command.home) == before, "something was left behind or changed")
        var lines = result.errorOutput.components(separatedBy: "\n")
        #expect(lines.popLast() == "", "the last line ends")
        let first = try #require(lines.first)
        #expect(Self.matches(first, "error: " + error), "\(first)")
        let second = hint.map { "hint: " + $0 }
        #expect(lines.count == (second == nil ? 1 : 2), "\(result.errorOutput)")
        if let second, lines.count > 1 { #expect(Self.matches(lines[1], second), "\(lines[1])") }
        for line in lines { Self.checkStyle(line) }
    }

    /// Lower case after the colon, no full stop at the end.
    private static func checkStyle(_ line: String) {
        let words = line.drop { $0 != ":" }.dropFirst(2)
        #expect(words.first?.isUppercase == false, "begins in lower case: \(line)")
        #expect(words.last != ".", "ends without a full stop: \(line)")
    }

    /// Every file below a folder with its size.
    static func files(in folder: URL) throws -> [String: Int] {
        var files: [String: Int] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: folder.appendingPathComponent(path).path)
            files[path] = attributes?[.type] as? FileAttributeType == .typeDirectory ? -1 : attributes?[.size] as? Int
        }
        return files
    }

    static func matches(_ text: String, _ pattern: String) -> Bool {
        var rest = Substring(text)
        let parts = pattern.components(separatedBy: "…")
        for (index, part) in parts.enumerated() {
            if index == 0 {
                guard rest.hasPrefix(part) else { return false }
                rest = rest.dropFirst(part.count)
            } else if index == parts.count - 1 {
                return rest.hasSuffix(part)
            } else if !part.isEmpty {
                guard let range = rest.range(of: part) else { return false }
                rest = rest[range.upperBound...]
            }
        }
        return rest.isEmpty
    }
}
