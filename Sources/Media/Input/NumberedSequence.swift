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

    /// The lowest number for which there is a file; nil when there is none.
    var firstNumber: Int? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        return names.compactMap { name -> Int? in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count >= prefix.count + suffix.count + digits
            else { return nil }
            let middle = name.dropFirst(prefix.count).dropLast(suffix.count)
            guard middle.allSatisfy({ $0.isASCII && $0.isNumber }),
                middle.count == digits || middle.first != "0" || digits == 1
            else { return nil }
            return Int(middle)
        }.min()
    }
}
