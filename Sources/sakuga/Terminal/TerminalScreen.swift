import Foundation

/// Where progress, notes and errors are shown: standard error, or what a test puts in its place.
struct TerminalScreen: Sendable {
    /// Whether lines can be redrawn in place.
    var isTerminal: Bool
    /// Whether characters beyond ASCII can be shown.
    var showsUnicode: Bool
    /// Columns; asked anew each time, since windows are resized.
    var width: @Sendable () -> Int
    /// Writes text as it is.
    var write: @Sendable (String) -> Void

    static let standardError: TerminalScreen = {
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return TerminalScreen(
            isTerminal: isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb",
            showsUnicode: locale.uppercased().contains("UTF-8") || locale.uppercased().contains("UTF8"),
            width: { windowWidth(of: STDERR_FILENO) ?? 80 },
            write: { writeAll($0, to: STDERR_FILENO) }
        )
    }()

    private static func windowWidth(of file: Int32) -> Int? {
        var window = winsize()
        guard ioctl(file, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 else { return nil }
        return Int(window.ws_col)
    }

    /// Writes unbuffered. What cannot be written to standard error has nowhere to be reported, so failures are ignored.
    private static func writeAll(_ text: String, to file: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
