internal import Foundation
internal import GRDB

/// Who somebody is to the service, what they have used of it, and what they may use.
struct Account: Encodable, Sendable {
    struct Use: Encodable, Sendable, Equatable {
        /// Bytes of uploads and results, with what uploads under way will have.
        var stored: Int
        /// Jobs that wait or are held, and uploads under way.
        var waiting: Int
        var running: Int
    }

    /// What is nil is not limited.
    struct Limits: Encodable, Sendable {
        var stored: Int?
        var waiting: Int?
        var running: Int?
        /// Bytes of one upload.
        var upload: Int
        /// Priorities that they may give.
        var lowestPriority: Int
        var highestPriority: Int

        enum CodingKeys: String, CodingKey {
            case stored, waiting, running, upload
            case lowestPriority = "lowest_priority"
            case highestPriority = "highest_priority"
        }
    }

    /// What all take together, for admins.
    struct Everybody: Encodable, Sendable {
        var stored: Int
        var limit: Int?
    }

    /// Nil: whoever runs the server.
    var name: String?
    var isAdmin: Bool
    /// Days for which jobs that are over are kept; nil: for ever.
    var keptDays: Double?
    var used: Use
    var limits: Limits
    var everybody: Everybody?

    enum CodingKeys: String, CodingKey {
        case name, used, limits, everybody
        case isAdmin = "is_admin"
        case keptDays = "kept_days"
    }
}

extension JobStore {
    /// The account of whoever asks.
    func account(of caller: Caller, _ limits: ServiceLimits) throws -> Account {
        try database.read { database in
            let own = try limits.of(caller.name, database)
            func limit(_ number: Int) -> Int? { number > 0 ? number : nil }
            let running = try Int.fetchOne(
                database, sql: "SELECT COUNT(*) FROM job WHERE state = 'running' AND owner IS ?",
                arguments: [caller.name])
            let everybody = try Account.Everybody(
                stored: Self.stored(of: .all, database), limit: limit(limits.stored))
            return Account(
                name: caller.name, isAdmin: caller.isAdmin, keptDays: limits.keep > 0 ? limits.keep / 86_400 : nil,
                used: Account.Use(
                    stored: try Self.stored(of: .one(caller.name), database),
                    waiting: try Self.waiting(of: caller.name, database), running: running ?? 0),
                limits: Account.Limits(
                    stored: limit(own.storedPerUser), waiting: limit(own.waitingPerUser),
                    running: limit(own.runningPerUser), upload: limits.largestUpload,
                    lowestPriority: caller.priorities.lowerBound, highestPriority: caller.priorities.upperBound),
                everybody: caller.isAdmin ? everybody : nil)
        }
    }
}
