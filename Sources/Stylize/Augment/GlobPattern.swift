internal import Foundation

/// A pattern for paths inside a folder: `*` and `?` stand for anything but a slash, `**` for any folders, `[a-z]` for one
/// of some letters. One without a slash is meant for names in any folder, one that ends with a slash for all below it.
struct GlobPattern: Sendable {
    private let expression: String

    init(_ pattern: String) {
        var text = pattern.hasSuffix("/") ? pattern + "**" : pattern
        if text.hasPrefix("./") { text.removeFirst(2) }
        if !text.contains("/") || text.hasSuffix("/**") && !text.dropLast(3).contains("/") { text = "**/" + text }
        var expression = "^"
        var rest = Substring(text)
        while let first = rest.first {
            if rest.hasPrefix("**/") {
                expression += "(?:.*/)?"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("**") {
                expression += ".*"
                rest = rest.dropFirst(2)
            } else if first == "[", let end = rest.dropFirst().firstIndex(of: "]") {
                let inside = rest[rest.index(after: rest.startIndex)..<end].replacingOccurrences(of: "\\", with: "\\\\")
                expression += "[" + (inside.hasPrefix("!") ? "^" + inside.dropFirst() : inside) + "]"
                rest = rest[rest.index(after: end)...]
            } else {
                expression +=
                    ["*": "[^/]*", "?": "[^/]"][first] ?? NSRegularExpression.escapedPattern(for: String(first))
                rest = rest.dropFirst()
            }
        }
        self.expression = expression + "$"
    }

    /// Whether the pattern stands for `path`, which begins in the folder.
    func matches(_ path: String) -> Bool {
        path.range(of: expression, options: .regularExpression) != nil
    }
}
