internal import Foundation

/// A name that stands for numbered pictures, such as `frames/%04d.png`.
struct NumberedSequence {
    /// The name with every percent sign that is no number doubled, as FFmpeg wants it.
    let pattern: String
    private let folder: String
    private let prefix: String
    private let suffix: String
    private let digits: Int

    /// - Returns: nil for a name without a number in its last component.
    init?(_ path: String) {
        let name = path as NSString
        let file = name.lastPathComponent
        guard let number = file.range(of: "%[0-9]*d", options: .regularExpression) else { return nil }
        prefix = String(file[..<number.lowerBound])
        suffix = String(file[number.upperBound...])
        digits = Int(file[number].dropFirst().dropLast()) ?? 1
        folder = name.deletingLastPathComponent
        func escaped(_ text: String) -> String { text.replacingOccurrences(of: "%", with: "%%") }
        let head = escaped(folder)
        pattern =
            (head.isEmpty || head.hasSuffix("/") ? head : head + "/") + escaped(prefix) + file[number] + escaped(suffix)
    }

    /// The numbers for which there is a file, rising.
    var numbers: [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        return names.compactMap { name -> Int? in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count >= prefix.count + suffix.count + digits
            else { return nil }
            let middle = name.dropFirst(prefix.count).dropLast(suffix.count)
            guard middle.count <= Self.mostDigits, middle.allSatisfy({ $0.isASCII && $0.isNumber }),
                middle.count == max(1, digits) || middle.first != "0"
            else { return nil }
            return Int(middle)
        }.sorted()
    }

    /// More would not fit into FFmpeg's numbers.
    private static let mostDigits = 9

    /// A pattern for glob(3) that matches the files of `numbers` in their order: those of few digits first, and within
    /// them the order of letters is that of numbers. For sequences with gaps, at which FFmpeg's own pattern ends.
    var glob: String {
        func escaped(_ text: String) -> String {
            text.map { "*?[]{},\\~".contains($0) ? "\\\($0)" : String($0) }.joined()
        }
        let widths = max(1, min(digits, Self.mostDigits))...Self.mostDigits
        let classes = widths.map { width in
            (width > widths.lowerBound ? "[1-9]" : "[0-9]") + String(repeating: "[0-9]", count: width - 1)
        }
        // With a dot and slash, since the files' names are then taken for URLs.
        let head = folder.hasPrefix("/") ? escaped(folder) : folder.isEmpty ? "." : "./" + escaped(folder)
        return (head.hasSuffix("/") ? head : head + "/") + escaped(prefix)
            + "{\(classes.joined(separator: ","))}" + escaped(suffix)
    }
}
