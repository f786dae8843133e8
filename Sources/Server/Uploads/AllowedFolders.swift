internal import Foundation
internal import Frames
internal import HTTPTypes

/// The folders of this machine whose films may be drawn where they lie. They are read, never written to.
package struct AllowedFolders: Sendable {
    /// Without symbolic links, and with a slash at the end.
    private let folders: [String]

    /// - Throws: `.noInput` where one of them is no folder.
    package init(_ paths: [String] = []) throws {
        folders = try paths.map { path in
            guard let resolved = Self.resolved(path), Self.kind(resolved) == S_IFDIR else {
                throw SakugaError(.noInput, "there is no folder '\(path)' to take films from")
            }
            return resolved == "/" ? resolved : resolved + "/"
        }
    }

    /// The file that a path leads to, symbolic links and `..` followed. What is said of a file outside the folders does not
    /// depend on whether it is there.
    ///
    /// - Parameter hidden: a folder whose files are never given: the server's own.
    /// - Throws: `Refusal` where it is no file, or lies elsewhere.
    func file(_ path: String, except hidden: URL) throws -> URL {
        guard path.hasPrefix("/"), let resolved = Self.resolved(path), Self.kind(resolved) == S_IFREG,
            access(resolved, R_OK) == 0, folders.contains(where: resolved.hasPrefix),
            let own = Self.resolved(hidden.path), !resolved.hasPrefix(own + "/")
        else { throw Refusal(.badRequest, "the path is no file in a folder that this server takes films from") }
        return URL(fileURLWithPath: resolved)
    }

    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func kind(_ path: String) -> mode_t {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts.st_mode & S_IFMT : 0
    }
}
