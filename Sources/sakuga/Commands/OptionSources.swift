import ArgumentParser
import Foundation
import Frames

/// Gives a command's options from a file and from the environment, for those that the command line does not have.
///
/// Both become arguments that stand before the command line's own, so that the last one wins and all are judged by the
/// same rules. Options that may be given several times add up.
enum OptionSources {
    /// The command with everything that was given: its arguments, `SAKUGA_…` in the environment, and the file, in this
    /// order of precedence.
    ///
    /// - Throws: `.noInput` where the file cannot be read; `.usage` where an option is unknown or has a value that it cannot
    ///   have, with where it stands.
    static func command<Command: ParsableCommand>(
        _: Command.Type, arguments: [String], environment: [String: String], file: String?
    ) throws -> Command {
        let names = names(of: Command.self)
        let fromFile = try file.map { try Self.arguments(file: $0, names) } ?? []
        let fromEnvironment = names.compactMap { name in
            let variable = "SAKUGA_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
            return environment[variable].flatMap { $0.isEmpty ? nil : "--\(name)=\($0)" }
        }
        for (source, given) in [("'\(file ?? "")'", fromFile), ("the environment", fromEnvironment)] {
            do {
                _ = try Command.parse(given)
            } catch {
                throw SakugaError(.usage, "in \(source): \(Command.message(for: error))")
            }
        }
        return try Command.parse(fromFile + fromEnvironment + arguments)
    }

    /// The long names of a command's options, but not of the one that names the file.
    private static func names<Command: ParsableCommand>(of _: Command.Type) -> [String] {
        Mirror(reflecting: Command()).children.compactMap { child in
            guard let label = child.label, label.hasPrefix("_"), label != "_config" else { return nil }
            return label.dropFirst().reduce(into: "") { $0 += ($1.isUppercase ? "-" : "") + $1.lowercased() }
        }
    }

    private static func arguments(file: String, _ names: [String]) throws -> [String] {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: file)) else {
            throw SakugaError(.noInput, "cannot read '\(file)'")
        }
        guard let options = try? JSONDecoder().decode([String: Value].self, from: data) else {
            throw SakugaError(
                .usage, "'\(file)' is no JSON object with options", hint: #"write { "workers": 2, "keep": 30 }"#)
        }
        return try options.sorted { $0.key < $1.key }.flatMap { name, value in
            guard names.contains(name) else {
                throw SakugaError(
                    .usage, "in '\(file)': there is no option '\(name)'",
                    hint: "the options are: \(names.joined(separator: ", "))")
            }
            return value.texts.map { "--\(name)=\($0)" }
        }
    }

    /// A number, a text, or a list of them.
    private struct Value: Decodable {
        var texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                texts = ["\(number)"]
            } else if let number = try? container.decode(Double.self) {
                texts = ["\(number)"]
            } else if let text = try? container.decode(String.self) {
                texts = [text]
            } else {
                texts = try container.decode([Value].self).flatMap(\.texts)
            }
        }
    }
}
