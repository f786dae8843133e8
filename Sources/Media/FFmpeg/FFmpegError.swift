internal import CFFmpeg
internal import Frames
internal import Synchronization

extension SakugaError {
    /// Builds the error for a failed FFmpeg call: `<action>: <FFmpeg's words> (<call>; <its last log line>)`.
    ///
    /// The code follows from FFmpeg's where that says more than `fallback`: a missing or unreadable file, a full disk.
    init(ffmpeg code: Int32, _ fallback: Code, _ action: String, call: String, hint: String? = nil) {
        let said = FFmpegLog.takeLastError().map { "; \($0)" } ?? ""
        let full = code == SHIM_ERROR_NO_SPACE
        self.init(
            full ? .inputOutput : fallback, "\(action): \(ffmpegText(code)) (\(call)\(said))",
            hint: hint ?? (full ? "free some space, or write to another disk" : nil))
    }
}

/// FFmpeg's words for a return code, in lower case and without a full stop. Uses av_strerror.
func ffmpegText(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    av_strerror(code, &buffer, buffer.count)
    let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.prefix(1).lowercased() + text.dropFirst()
}

/// Throws the error for `code` when it is negative, and returns it otherwise.
@discardableResult
func check(
    _ code: Int32, _ fallback: SakugaError.Code, _ action: @autoclosure () -> String, call: String
) throws(SakugaError) -> Int32 {
    if code < 0 { throw SakugaError(ffmpeg: code, fallback, action(), call: call) }
    return code
}

/// FFmpeg's log, which is one for the whole process: kept quiet, its last error line remembered for the next error
/// message ("invalid data" alone helps nobody; "moov atom not found" does).
package enum FFmpegLog {
    private static let lastError = Mutex<String?>(nil)
    private static let verbose = Mutex<(@Sendable (String) -> Void)?>(nil)

    private static let installation: Void = {
        av_log_set_callback { context, level, format, arguments in
            guard level <= AV_LOG_WARNING, let format, let arguments else { return }
            var line = [CChar](repeating: 0, count: 1024)
            var prefix: Int32 = 1
            av_log_format_line2(context, level, format, arguments, &line, Int32(line.count), &prefix)
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            FFmpegLog.record(text, isError: level <= AV_LOG_ERROR)
        }
    }()

    /// Routes FFmpeg's messages here from now on; `listener`, where given, hears warnings and errors too.
    package static func install(listener: (@Sendable (String) -> Void)? = nil) {
        _ = installation
        if let listener { verbose.withLock { $0 = listener } }
    }

    /// Returns the last error line since the last call, without the `[mov @ 0x…]` prefix.
    static func takeLastError() -> String? {
        lastError.withLock { line in
            defer { line = nil }
            return line
        }
    }

    /// Forgets what was logged, so that a later failure does not quote an older one.
    static func forget() { lastError.withLock { $0 = nil } }

    private static func record(_ text: String, isError: Bool) {
        var line = Substring(text)
        while line.last?.isNewline == true || line.last == "." { line.removeLast() }
        if let listener = verbose.withLock({ $0 }) { listener(String(line)) }
        guard isError else { return }
        while line.first == "[", let end = line.firstIndex(of: "]") {
            line = line[line.index(after: end)...].drop { $0 == " " }
        }
        if !line.isEmpty { lastError.withLock { $0 = String(line) } }
    }
}
