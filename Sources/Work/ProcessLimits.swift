internal import Foundation

/// What a process that works on strangers' files may take.
package struct ProcessLimits: Codable, Sendable {
    /// Bytes of its memory.
    package var memory = 6 << 30
    /// Bytes of the largest file that it writes.
    package var file = 16 << 30

    package init() {}

    /// Holds this process, and all that it starts, to them from now on.
    package func apply() {
        Self.limit(Int32(RLIMIT_AS.rawValue), memory)
        Self.limit(Int32(RLIMIT_FSIZE.rawValue), file)
        Self.limit(Int32(RLIMIT_CORE.rawValue), 0)
        // A file that grows too large is then a failed write, not a crash.
        signal(SIGXFSZ, SIG_IGN)
    }

    private static func limit(_ resource: Int32, _ value: Int) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        setrlimit(resource, &limit)
    }
}
