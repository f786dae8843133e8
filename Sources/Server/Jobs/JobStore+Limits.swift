internal import Foundation
internal import GRDB
internal import HTTPTypes

/// What is accepted, and from whom.
extension JobStore {
    /// Holds one more job of the caller's against the limits, without accepting it.
    ///
    /// - Parameter bytes: what it will take on the disk.
    /// - Throws: `Refusal` with the reason.
    func check(_ caller: Caller, bytes: Int, _ limits: ServiceLimits) throws {
        try database.read { try Self.check(caller, bytes, limits, $0) }
    }

    /// Accepts a job, if it is within the limits; what is accepted at the same time counts.
    ///
    /// - Throws: `Refusal` with the reason.
    func accept(_ job: Job, from caller: Caller, _ limits: ServiceLimits) throws {
        try database.write { database in
            try Self.check(caller, job.stored, limits, database)
            try job.insert(database)
        }
    }

    /// The bytes that a result may have: what the limits leave to its owner. Below 1 where nothing is left.
    func room(for job: Job, _ limits: ServiceLimits) throws -> Int {
        try database.read { database in
            var room = limits.stored > 0 ? limits.stored - (try Self.stored(nil, database)) : Int.max
            let isLimited = try Bool.fetchOne(
                database, sql: "SELECT role = 'user' FROM user WHERE name = ?", arguments: [job.owner])
            if isLimited == true, limits.storedPerUser > 0, let owner = job.owner {
                room = min(room, limits.storedPerUser - (try Self.stored(owner, database)))
            }
            return room
        }
    }

    static func check(_ caller: Caller, _ bytes: Int, _ limits: ServiceLimits, _ database: Database) throws {
        if limits.stored > 0, bytes > 0, try stored(nil, database) + bytes > limits.stored {
            throw Refusal(.insufficientStorage, "the server keeps as much as it may: try again later")
        }
        guard !caller.isAdmin, let name = caller.name else { return }
        if limits.waitingPerUser > 0 {
            let waiting =
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT (SELECT COUNT(*) FROM job WHERE state = 'queued' AND owner = :name)
                            + (SELECT COUNT(*) FROM upload WHERE owner = :name)
                        """, arguments: ["name": name]) ?? 0
            guard waiting < limits.waitingPerUser else {
                throw Refusal(
                    .tooManyRequests,
                    "\(waiting) of your jobs wait already: send more when some are drawn, or cancel some")
            }
        }
        if limits.storedPerUser > 0, bytes > 0, try stored(name, database) + bytes > limits.storedPerUser {
            throw Refusal(
                .insufficientStorage,
                "your films and drawings would take more than \(limits.storedPerUser >> 20) MB: delete some first")
        }
    }

    /// The bytes that a user's jobs and uploads take on the disk, or will; nil: everybody's.
    private static func stored(_ owner: String?, _ database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                SELECT (SELECT COALESCE(SUM(stored), 0) FROM job WHERE :owner IS NULL OR owner = :owner)
                    + (SELECT COALESCE(SUM(size), 0) FROM upload WHERE :owner IS NULL OR owner = :owner)
                """, arguments: ["owner": owner]) ?? 0
    }
}
