internal import Foundation
internal import Frames
internal import GRDB
internal import Hummingbird

/// What a client says of the film that it sends.
struct Submission: Codable, Sendable {
    /// What the file calls itself: for people, never a path.
    var filename: String
    var options: JobOptions
    var priority: Int
    /// It is not drawn before it is started.
    var isHeld: Bool

    private static let longestName = 200

    /// Reads it from the parameters of a request.
    ///
    /// - Throws: `.usage` for an option that is not on the list.
    init(_ query: Parameters, from caller: Caller, presets: [String]) throws {
        let pairs = query.map { (name: String($0.key), value: String($0.value)) }
        filename = Self.shown(query["filename"].map(String.init) ?? "")
        options = try JobOptions(query: pairs, presets: presets)
        priority = try Routes.number(query["priority"], "priority", caller.priorities) ?? 0
        let hold = query["hold"] ?? "false"
        guard ["true", "false"].contains(hold) else { throw SakugaError(.usage, "hold must be true or false") }
        isHeld = hold == "true"
    }

    /// A name for people: without folders and control characters, and not too long.
    static func shown(_ name: String) -> String {
        let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? "film"
        let plain = last.unicodeScalars.filter {
            !$0.properties.isDefaultIgnorableCodePoint && $0.value >= 32 && $0.value != 127
        }
        let text = String(String.UnicodeScalarView(plain))
        // The ending says what the result is kept in.
        return text.count <= longestName ? text : "…" + text.suffix(longestName - 1)
    }

    /// The job that its film becomes.
    ///
    /// - Parameter bytes: of the film, which lies in the job's folder.
    func job(_ id: String, of owner: String?, bytes: Int) -> Job {
        Job(
            id: id, filename: filename, owner: owner, options: options, state: isHeld ? .held : .queued,
            priority: priority, created: Date.now.timeIntervalSince1970, bytes: bytes, stored: bytes)
    }
}
