internal import Foundation
internal import GRDB
internal import HTTPTypes

/// What is accepted, and from whom.
extension JobStore {
    /// Holds one more job of the caller's against the limits, without accepting it.
    ///
    /// - Throws: `Refusal` with the reason.
    func check(_ caller: Caller, _ limits: ServiceLimits) throws {
        try database.read { try Self.check(caller, limits, $0) }
    }

    /// Accepts a job, if it is within the limits; what is accepted at the same time counts.
    ///
    /// - Throws: `Refusal` with the reason.
    func accept(_ job: Job, from caller: Caller, _ limits: ServiceLimits) throws {
        try database.write { database in
            try Self.check(caller, limits, database)
            try job.insert(database)
        }
    }

    private static func check(_ caller: Caller, _ limits: ServiceLimits, _ database: Database) throws {
        guard !caller.isAdmin, limits.waitingPerUser > 0 else { return }
        let waiting = try JobFilter(state: .queued, owner: caller.name).request.fetchCount(database)
        guard waiting < limits.waitingPerUser else {
            throw Refusal(
                .tooManyRequests, "\(waiting) of your jobs wait already: send more when some are drawn, or cancel some")
        }
    }
}
