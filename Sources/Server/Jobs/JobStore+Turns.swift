internal import Foundation
internal import GRDB

/// Whose turn it is.
///
/// Among a user's own jobs the one with the highest priority comes first, then the one that has waited longest. Among
/// users it is the one whose next job has the highest priority, then the one with the fewest jobs being drawn, then the
/// one whose last turn is longest ago. So that nobody waits for ever, waiting raises a priority, by one for each ten
/// minutes: a job's among the user's own from when it was queued, a user's from when nothing of theirs was drawn any more.
extension JobStore {
    /// Seconds of waiting that raise a priority by one.
    private static let step = 600.0

    private static let next = """
        WITH waiting AS (
            SELECT *, COALESCE(queued, created) AS since, ROW_NUMBER() OVER (
                PARTITION BY owner
                ORDER BY priority + (:now - COALESCE(queued, created)) / :step DESC, COALESCE(queued, created), id
            ) AS place
            FROM job WHERE state = 'queued'
        ), busy AS (
            SELECT owner, COUNT(*) AS count FROM job WHERE state = 'running' GROUP BY owner
        )
        SELECT waiting.* FROM waiting
        LEFT JOIN busy ON busy.owner IS waiting.owner
        LEFT JOIN turn ON turn.owner = COALESCE(waiting.owner, '')
        LEFT JOIN user ON user.name = waiting.owner
        WHERE place = 1 AND NOT (
            user.role IS 'user' AND COALESCE(user.running, :limit) > 0
            AND COALESCE(busy.count, 0) >= COALESCE(user.running, :limit))
        ORDER BY
            priority + IIF(busy.count > 0, 0, (:now - MAX(since, COALESCE(turn.last, 0))) / :step) DESC,
            COALESCE(busy.count, 0), COALESCE(turn.last, 0), since, id
        LIMIT 1
        """

    /// Takes the job whose turn it is, as running; nil where none may be begun.
    ///
    /// - Parameters:
    ///   - runningPerUser: jobs that may run at a time of a user who has no limit of their own; 0: any number.
    ///   - now: seconds since 1970.
    func claim(runningPerUser: Int = 0, now: Double = Date.now.timeIntervalSince1970) throws -> Job? {
        try database.write { database in
            let job = try Job.fetchOne(
                database, sql: Self.next, arguments: ["now": now, "step": Self.step, "limit": runningPerUser])
            guard var job else { return nil }
            job.state = .running
            job.started = now
            job.attempts += 1
            try job.update(database)
            try Self.noteTurn(of: job.owner, now, database)
            return job
        }
    }

    /// Remembers when a job of the user's was drawn last.
    static func noteTurn(of owner: String?, _ now: Double, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO turn (owner, last) VALUES (?, ?) ON CONFLICT DO UPDATE SET last = excluded.last",
            arguments: [owner ?? "", now])
    }
}
