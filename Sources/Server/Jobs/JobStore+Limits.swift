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
            let limits = try limits.of(job.owner, database)
            var room = limits.stored > 0 ? limits.stored - (try Self.stored(of: .all, database)) : Int.max
            if limits.storedPerUser > 0 {
                room = min(room, limits.storedPerUser - (try Self.stored(of: .one(job.owner), database)))
            }
            return room
        }
    }

    static func check(_ caller: Caller, _ bytes: Int, _ limits: ServiceLimits, _ database: Database) throws {
        let limits = try limits.of(caller.name, database)
        if limits.stored > 0, bytes > 0, try stored(of: .all, database) + bytes > limits.stored {
            throw Refusal(.insufficientStorage, "the server keeps as much as it may: try again later")
        }
        if limits.waitingPerUser > 0 {
            let waiting = try waiting(of: caller.name, database)
            guard waiting < limits.waitingPerUser else {
                throw Refusal(
                    .tooManyRequests,
                    "\(waiting) of your jobs wait already: send more when some are drawn, or cancel some")
            }
        }
        if limits.storedPerUser > 0, bytes > 0,
            try stored(of: .one(caller.name), database) + bytes > limits.storedPerUser
        {
            throw Refusal(
                .insufficientStorage,
                "your films and drawings would take more than \(limits.storedPerUser >> 20) MB: delete some first")
        }
    }

    /// How many of somebody's jobs wait, are held, or are on their way here; nil: the host's.
    static func waiting(of owner: String?, _ database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                SELECT (SELECT COUNT(*) FROM job WHERE state IN ('held', 'queued') AND owner IS :owner)
                    + (SELECT COUNT(*) FROM upload WHERE owner IS :owner)
                """, arguments: ["owner": owner]) ?? 0
    }

    /// Whose files.
    enum Whose {
        case all
        /// Nil: the host's.
        case one(String?)
    }

    /// The bytes that jobs and uploads take on the disk, or will.
    static func stored(of whose: Whose, _ database: Database) throws -> Int {
        var (condition, owner) = ("TRUE", String?.none)
        if case .one(let name) = whose { (condition, owner) = ("owner IS :owner", name) }
        return try Int.fetchOne(
            database,
            sql: """
                SELECT (SELECT COALESCE(SUM(stored), 0) FROM job WHERE \(condition))
                    + (SELECT COALESCE(SUM(size), 0) FROM upload WHERE \(condition))
                """, arguments: condition == "TRUE" ? [] : ["owner": owner]) ?? 0
    }
}
