internal import Foundation
internal import GRDB

/// A job came into a state: what the database itself notes, in the transaction that changes the job.
struct JobEvent: Codable, Sendable, Equatable, FetchableRecord {
    /// Seconds since 1970.
    var time: Double
    var state: Job.State
    /// Attempts made by then; one that the server's end interrupted does not count.
    var attempts: Int
    /// Why the attempt before failed, if it did.
    var error: String?
}

extension JobStore {
    /// What has happened to a job, the oldest first.
    func events(of id: String) throws -> [JobEvent] {
        try database.read { database in
            try JobEvent.fetchAll(
                database, sql: "SELECT time, state, attempts, error FROM event WHERE job = ? ORDER BY id",
                arguments: [id])
        }
    }

    /// Makes the table of events, and has every change of a state noted there.
    static func createEvents(_ database: Database) throws {
        try database.create(table: "event") { table in
            table.autoIncrementedPrimaryKey("id")
            table.column("job", .text).notNull().indexed().references("job", onDelete: .cascade)
            table.column("time", .double).notNull()
            table.column("state", .text).notNull()
            table.column("attempts", .integer).notNull()
            table.column("error", .text)
        }
        func note(_ error: String) -> String {
            """
            INSERT INTO event (job, time, state, attempts, error)
            VALUES (new.id, (julianday('now') - 2440587.5) * 86400, new.state, new.attempts, \(error))
            """
        }
        // The job keeps its last error through later attempts; those that are put back count one less.
        let failed = "new.state IN ('failed', 'queued') AND old.state = 'running' AND new.attempts = old.attempts"
        try database.execute(
            sql: """
                CREATE TRIGGER job_made AFTER INSERT ON job BEGIN \(note("NULL")); END;
                CREATE TRIGGER job_changed AFTER UPDATE ON job WHEN new.state IS NOT old.state
                BEGIN \(note("IIF(\(failed), new.error, NULL)")); END;
                """)
    }
}
