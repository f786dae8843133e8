internal import Foundation
internal import Frames
internal import GRDB

/// All jobs, in an SQLite file with a write-ahead log: what it has confirmed is there after a power cut.
final class JobStore: Sendable {
    let database: DatabasePool

    static func file(in data: URL) -> URL { data.appendingPathComponent("jobs.sqlite") }

    /// Opens the file, or makes it.
    ///
    /// - Throws: `.cannotCreate` where that is not possible.
    init(_ file: URL) throws {
        do {
            var configuration = Configuration()
            configuration.prepareDatabase { database in
                // Accepted means on the disk.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            configuration.busyMode = .timeout(10)
            database = try DatabasePool(path: file.path, configuration: configuration)
            try Self.migrator.migrate(database)
        } catch let error as DatabaseError {
            throw SakugaError(
                .cannotCreate, "cannot open the jobs in '\(file.path)': \(error.message ?? "\(error.resultCode)")",
                hint: "check that the folder can be written to")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("jobs") { database in
            try database.create(table: "job") { table in
                table.primaryKey("id", .text)
                table.column("filename", .text).notNull()
                table.column("options", .jsonText).notNull()
                table.column("state", .text).notNull()
                table.column("priority", .integer).notNull()
                table.column("created", .double).notNull()
                table.column("started", .double)
                table.column("finished", .double)
                table.column("attempts", .integer).notNull()
                table.column("bytes", .integer).notNull()
                table.column("result", .text)
                table.column("frames", .integer)
                table.column("error", .text)
            }
            try database.create(
                index: "job_by_turn", on: "job", columns: ["state", "priority", "created"])
            try database.create(index: "job_by_age", on: "job", columns: ["created"])
        }
        migrator.registerMigration("users") { database in
            try database.create(table: "user") { table in
                table.primaryKey("name", .text)
                table.column("role", .text).notNull()
                table.column("token", .text).notNull().unique()
            }
            try database.alter(table: "job") { table in
                // Where a user goes, the jobs become the host's: a later user of the same name must not find them.
                table.add(column: "owner", .text).references("user", onDelete: .setNull)
            }
            try database.create(index: "job_by_owner", on: "job", columns: ["owner"])
        }
        migrator.registerMigration("turns") { database in
            try database.alter(table: "job") { $0.add(column: "queued", .double) }
            // The host's turns are under the name that no user has.
            try database.create(table: "turn") { table in
                table.primaryKey("owner", .text)
                table.column("last", .double).notNull()
            }
        }
        migrator.registerMigration("storage") { database in
            try database.alter(table: "job") { $0.add(column: "stored", .integer).notNull().defaults(to: 0) }
            try database.execute(sql: "UPDATE job SET stored = bytes")
        }
        migrator.registerMigration("uploads") { database in
            try database.create(table: "upload") { table in
                table.primaryKey("id", .text)
                table.column("owner", .text).references("user", onDelete: .cascade)
                table.column("size", .integer).notNull()
                table.column("submission", .jsonText).notNull()
            }
        }
        migrator.registerMigration("files in place") { database in
            try database.alter(table: "job") { $0.add(column: "source", .text) }
        }
        migrator.registerMigration("users' limits") { database in
            try database.alter(table: "user") { table in
                for column in ["stored", "waiting", "running"] { table.add(column: column, .integer) }
            }
        }
        migrator.registerMigration("events", migrate: createEvents)
        return migrator
    }

    func add(_ job: Job) throws { try database.write { try job.insert($0) } }

    func job(_ id: String) throws -> Job? { try database.read { try Job.fetchOne($0, key: id) } }

    /// A page of jobs, the newest first, and how many there are in all.
    func jobs(_ filter: JobFilter, limit: Int, offset: Int) throws -> (jobs: [Job], total: Int) {
        try database.read { database in
            let all = filter.request
            let page = all.order(Column("created").desc, Column("id")).limit(limit, offset: offset)
            return (try page.fetchAll(database), try all.fetchCount(database))
        }
    }

    /// How many jobs are in each state.
    func counts() throws -> [Job.State: Int] {
        try database.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT state, COUNT(*) AS count FROM job GROUP BY state")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["state"], $0["count"]) })
        }
    }

    /// Changes a job where `change` agrees; returns what became of it, nil where it is not there or was left as it is.
    @discardableResult
    func change(_ id: String, _ change: (inout Job) -> Bool) throws -> Job? {
        try database.write { database in
            guard var job = try Job.fetchOne(database, key: id) else { return nil }
            let before = job.state
            guard change(&job) else { return nil }
            try job.update(database)
            if before == .running, job.state != .running {
                try Self.noteTurn(of: job.owner, Date.now.timeIntervalSince1970, database)
            }
            return job
        }
    }

    /// Forgets a job that is over; returns whether it was.
    func remove(_ id: String) throws -> Bool {
        try database.write { database in
            guard let job = try Job.fetchOne(database, key: id), job.state.isOver else { return false }
            return try job.delete(database)
        }
    }

    /// The identifiers of all jobs and unfinished uploads.
    func ids() throws -> Set<String> {
        try database.read { try String.fetchSet($0, sql: "SELECT id FROM job UNION SELECT id FROM upload") }
    }

    /// Forgets the held jobs that came before a time, in seconds since 1970; returns their identifiers.
    func removeHeld(before time: Double) throws -> [String] {
        try database.write { database in
            try String.fetchAll(
                database, sql: "DELETE FROM job WHERE state = 'held' AND created < ? RETURNING id", arguments: [time])
        }
    }

    /// The jobs that were over before a time, in seconds since 1970.
    func jobs(overBefore time: Double) throws -> [String] {
        try database.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT id FROM job
                    WHERE state IN ('done', 'failed', 'cancelled') AND COALESCE(finished, created) < ?
                    """, arguments: [time])
        }
    }

    /// Puts back what was running when the server ended without a word.
    func requeueInterrupted() throws {
        try database.write { database in
            try database.execute(
                sql: "UPDATE job SET state = 'queued', attempts = attempts - 1 WHERE state = 'running'")
        }
    }
}
