/// A failure with everything a person needs: what was tried on which file or stream, why it failed, and what to do.
///
/// Shown as two lines: `error: <message>` and, where something works, `hint: <hint>`. Messages start with a verb or the
/// object in lower case, quote paths, put a unit behind every number and end without a full stop.
package struct SakugaError: Error, Sendable, Equatable {
    /// What kind of failure it is; the raw value is the exit code, after sysexits(3), so that batch systems can decide
    /// what to try again.
    package enum Code: Int32, Sendable {
        /// The command line makes no sense.
        case usage = 64
        /// The input, model or preset is damaged or unsupported.
        case data = 65
        /// The input cannot be opened.
        case noInput = 66
        /// A needed library, device or codec is missing.
        case unavailable = 69
        /// An error of our own.
        case software = 70
        /// The output cannot be created.
        case cannotCreate = 73
        /// Reading or writing failed on the way (disk full).
        case inputOutput = 74
        /// Stopped by the user.
        case interrupted = 130
    }

    package var code: Code
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension SakugaError: CustomStringConvertible {
    package var description: String {
        hint.map { "error: \(message)\nhint: \($0)" } ?? "error: \(message)"
    }
}
