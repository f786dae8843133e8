internal import CFFmpeg
internal import Frames

extension SakugaError {
    /// Builds the error for a failed FFmpeg call: `<action>: <FFmpeg's words> (<call>; <its last log line>)`.
    ///
    /// The code follows from FFmpeg's where that says more than `fallback`: a missing or unreadable file, a full disk.
    ///
    /// - Parameter side: whose log lines may explain the failure.
    init(
        ffmpeg code: Int32, _ fallback: Code, _ action: String, call: String, side: FFmpegLog.Side = .input,
        hint: String? = nil
    ) {
        let said = FFmpegLog.takeLastError(of: side).map { "; \($0)" } ?? ""
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
    _ code: Int32, _ fallback: SakugaError.Code, _ action: @autoclosure () -> String, call: String,
    side: FFmpegLog.Side = .input
) throws(SakugaError) -> Int32 {
    if code < 0 { throw SakugaError(ffmpeg: code, fallback, action(), call: call, side: side) }
    return code
}
