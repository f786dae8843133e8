internal import COpenVINO
internal import Frames

/// Turns a status of OpenVINO's C interface into an error: what was tried, then OpenVINO's own words.
///
/// - Throws: `.software` unless another code is given.
func check(
    _ status: ov_status_e, _ tried: @autoclosure () -> String, _ code: SakugaError.Code = .software
) throws {
    guard status.rawValue != 0 else { return }
    // Read at once, on the thread of the failed call: OpenVINO keeps the message per thread.
    let message = ov_get_last_err_msg().map { String(cString: $0) } ?? ""
    let reason = ov_get_error_info(status).map { String(cString: $0) } ?? "unknown"
    throw SakugaError(code, "\(tried()): \(condensed(message) ?? reason) (OpenVINO \(status.rawValue))")
}

/// OpenVINO's messages are several lines long, with source files of its own in between: the last line that says
/// something, at most 300 characters.
private func condensed(_ message: String) -> String? {
    let lines = message.split(whereSeparator: \.isNewline).map { line in
        line.split(separator: " ").joined(separator: " ")
    }
    let telling = lines.filter {
        !$0.isEmpty && !$0.hasPrefix("Exception from ") && !$0.hasPrefix("Check '") && !$0.hasPrefix("While validating")
    }
    guard var line = telling.last ?? lines.last, !line.isEmpty else { return nil }
    if line.dropFirst().first?.isLowercase == true { line = line.prefix(1).lowercased() + line.dropFirst() }
    if line.hasSuffix(".") { line.removeLast() }
    return line.count > 300 ? line.prefix(299) + "…" : line
}
