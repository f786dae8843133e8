package import Foundation
internal import Frames
internal import GRDB
internal import Media
package import Web

/// Who may use the service. Of tokens only a hash is kept; it needs no salt, since tokens are 128 random bits.
///
/// Another process may change the users of a running server: requests are judged by what is stored when they come.
package struct UserStore: Sendable {
    private let database: DatabasePool

    init(_ store: JobStore) { database = store.database }

    /// The users of the server whose folder `data` is.
    ///
    /// - Parameter isNew: makes the folder where it is not there.
    /// - Throws: `.noInput` where it is not and should be, `.cannotCreate` where it cannot be made or used.
    package init(data: URL, isNew: Bool) throws {
        let file = JobStore.file(in: data)
        guard isNew || FileManager.default.fileExists(atPath: file.path) else {
            throw SakugaError(
                .noInput, "no server has kept anything in '\(data.path)'", hint: "give the server's folder with --data")
        }
        _ = try JobFolders(data, allowed: AllowedFolders())
        self.init(try JobStore(file))
    }

    /// Lets somebody in.
    ///
    /// - Returns: their token, which cannot be asked for again.
    /// - Throws: `.usage` for a name that cannot be used or is taken.
    package func add(_ name: String, _ role: User.Role) throws -> AccessToken {
        let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-@".contains($0)) }
        guard isPlain, (1...64).contains(name.count) else {
            throw SakugaError(
                .usage, "'\(name)' cannot be a user's name", hint: "use up to 64 letters, digits and any of . _ - @")
        }
        let token = AccessToken()
        try database.write { database in
            guard try Self.role(name, database) == nil else {
                throw SakugaError(.usage, "there is a user '\(name)' already")
            }
            try database.execute(
                sql: "INSERT INTO user (name, role, token) VALUES (?, ?, ?)",
                arguments: [name, role.rawValue, Self.hash(token.text)])
        }
        return token
    }

    /// Takes somebody's access away. Their waiting jobs are cancelled; what is drawn and done stays, for admins.
    ///
    /// - Throws: `.usage` where there is no such user.
    package func remove(_ name: String) throws {
        try database.write { database in
            guard try Self.role(name, database) != nil else {
                throw Self.unknown(name)
            }
            try database.execute(
                sql: "UPDATE job SET state = 'cancelled', finished = ? WHERE owner = ? AND state IN ('held', 'queued')",
                arguments: [Date.now.timeIntervalSince1970, name])
            try database.execute(sql: "DELETE FROM user WHERE name = ?", arguments: [name])
        }
    }

    /// Gives a user limits of their own; those that are nil are the server's.
    ///
    /// - Throws: `.usage` where there is no such user.
    package func limit(_ name: String, _ limits: UserLimits) throws {
        try database.write { database in
            try database.execute(
                sql: "UPDATE user SET stored = ?, waiting = ?, running = ? WHERE name = ?",
                arguments: [limits.stored, limits.waiting, limits.running, name])
            if database.changesCount == 0 { throw Self.unknown(name) }
        }
    }

    /// All of them by name, with their own limits.
    package func list() throws -> [(user: User, limits: UserLimits)] {
        try database.read {
            try Row.fetchAll($0, sql: "SELECT * FROM user ORDER BY name").map { (Self.user($0), UserLimits($0)) }
        }
    }

    /// Whose token it is; nil where it is nobody's. The hash is looked up, so that the time it takes tells nothing of the
    /// token.
    func user(token: String) throws -> User? {
        try database.read {
            try Row.fetchOne($0, sql: "SELECT name, role FROM user WHERE token = ?", arguments: [Self.hash(token)])
                .map(Self.user)
        }
    }

    package func isEmpty() throws -> Bool {
        try database.read { try Int.fetchOne($0, sql: "SELECT 1 FROM user LIMIT 1") == nil }
    }

    private static func unknown(_ name: String) -> SakugaError {
        SakugaError(.usage, "there is no user '\(name)'", hint: "sakuga users lists them")
    }

    private static func role(_ name: String, _ database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT role FROM user WHERE name = ?", arguments: [name])
    }

    private static func user(_ row: Row) -> User {
        User(name: row["name"], role: User.Role(rawValue: row["role"]) ?? .user)
    }

    private static func hash(_ token: String) -> String {
        let hash = ContentHash()
        hash.add(token)
        return hash.digest()
    }
}
