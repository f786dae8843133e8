internal import Foundation
internal import Frames

/// A list of inputs with options of their own: CSV with names in the first line, or JSON objects, one a line.
struct Manifest {
    /// Names and values; `input` is always there.
    private(set) var rows: [[String: String]] = []

    static func isManifest(_ path: String) -> Bool {
        ["csv", "jsonl", "ndjson"].contains((path as NSString).pathExtension.lowercased())
    }

    /// - Throws: `.noInput` where it cannot be read, `.data` with the line where it is no manifest.
    init(_ path: String) throws(SakugaError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SakugaError(.noInput, "cannot read the manifest '\(path)'", hint: "check the name")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw SakugaError(.data, "the manifest '\(path)' is not text in UTF-8")
        }
        let isCSV = (path as NSString).pathExtension.lowercased() == "csv"
        rows = isCSV ? try Self.csv(text, path) : try Self.json(text, path)
        for (number, row) in rows.enumerated() where row["input"]?.isEmpty ?? true {
            throw SakugaError(.data, "entry \(number + 1) of '\(path)' names no input")
        }
    }

    /// A value of a JSON object, as text.
    private struct Scalar: Decodable {
        var text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                text = ""
            } else if let flag = try? container.decode(Bool.self) {
                text = "\(flag)"
            } else if let number = try? container.decode(Int.self) {
                text = "\(number)"
            } else if let number = try? container.decode(Double.self) {
                text = "\(number)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    private static func json(_ text: String, _ path: String) throws(SakugaError) -> [[String: String]] {
        var rows: [[String: String]] = []
        for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            guard let row = try? JSONDecoder().decode([String: Scalar].self, from: Data(line.utf8)) else {
                throw SakugaError(
                    .data, "entry \(number + 1) of '\(path)' is no JSON object of names and plain values")
            }
            rows.append(row.mapValues(\.text))
        }
        return rows
    }

    private static func csv(_ text: String, _ path: String) throws(SakugaError) -> [[String: String]] {
        let lines = try fields(text, path)
        guard let names = lines.first, names.contains("input") else {
            throw SakugaError(
                .data, "the first line of '\(path)' has no 'input'", hint: "begin with names: input,output,preset")
        }
        var rows: [[String: String]] = []
        for (number, line) in lines.dropFirst().enumerated() {
            guard line.count <= names.count else {
                throw SakugaError(.data, "entry \(number + 1) of '\(path)' has more values than there are names")
            }
            rows.append(Dictionary(zip(names, line)) { $1 })
        }
        return rows
    }

    /// RFC 4180: quotes hold commas, line ends and doubled quotes.
    private static func fields(_ text: String, _ path: String) throws(SakugaError) -> [[String]] {
        var (lines, line, field): ([[String]], [String], String) = ([], [], "")
        var isQuoted = false
        var rest = Substring(text.hasPrefix("\u{feff}") ? String(text.dropFirst()) : text)
        func endLine() {
            line.append(field)
            if line != [""] { lines.append(line) }
            (line, field) = ([], "")
        }
        while let character = rest.popFirst() {
            if isQuoted {
                if character != "\"" {
                    field.append(character)
                } else if rest.first == "\"" {
                    field.append("\"")
                    rest.removeFirst()
                } else {
                    isQuoted = false
                }
            } else if character == "\"", field.isEmpty {
                isQuoted = true
            } else if character == "," {
                line.append(field)
                field = ""
            } else if character.isNewline {
                endLine()
            } else {
                field.append(character)
            }
        }
        if isQuoted { throw SakugaError(.data, "a quote in '\(path)' has no end") }
        endLine()
        return lines
    }
}
