internal import GRDB

/// What one user may take, where it differs from what the server lends to everybody. 0: no limit.
package struct UserLimits: Sendable, Equatable {
    /// Bytes of uploads and results.
    package var stored: Int?
    /// Jobs that wait.
    package var waiting: Int?
    /// Jobs drawn at a time.
    package var running: Int?

    package init(stored: Int? = nil, waiting: Int? = nil, running: Int? = nil) {
        (self.stored, self.waiting, self.running) = (stored, waiting, running)
    }

    init(_ row: Row) {
        self.init(stored: row["stored"], waiting: row["waiting"], running: row["running"])
    }
}

extension ServiceLimits {
    /// What holds for the jobs of `owner`: limits of users do not hold for the host and for admins.
    func of(_ owner: String?, _ database: Database) throws -> ServiceLimits {
        var limits = self
        let user = try Row.fetchOne(database, sql: "SELECT * FROM user WHERE name = ?", arguments: [owner])
        guard let user, user["role"] == User.Role.user.rawValue else {
            (limits.storedPerUser, limits.waitingPerUser, limits.runningPerUser) = (0, 0, 0)
            return limits
        }
        let own = UserLimits(user)
        limits.storedPerUser = own.stored ?? storedPerUser
        limits.waitingPerUser = own.waiting ?? waitingPerUser
        limits.runningPerUser = own.running ?? runningPerUser
        return limits
    }
}
