import ArgumentParser

/// How progress is shown: the values of `--progress`.
enum ProgressMode: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// A bar on a terminal, plain lines elsewhere.
    case auto
    /// A line now and then.
    case plain
    /// One JSON object a line.
    case json
    /// Nothing but warnings and errors.
    case none
}
