internal import Foundation
internal import GRDB

/// One film or picture that somebody wants drawn.
struct Job: Codable, Sendable, Identifiable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "job"

    enum State: String, Codable, Sendable, CaseIterable, DatabaseValueConvertible {
        /// A held job waits for somebody to look at it and start it.
        case held, queued, running, done, failed, cancelled

        /// Nothing more will happen by itself.
        var isOver: Bool { self == .done || self == .failed || self == .cancelled }
    }

    /// 32 hexadecimal digits; also the name of its folder.
    var id: String
    /// What the upload called itself: for people, never a path.
    var filename: String
    /// The film's path where it is drawn in place; nil: it was sent, and lies in the job's folder.
    var source: String?
    /// The user whose it is; nil: the host's.
    var owner: String?
    var options: JobOptions
    var state = State.queued
    /// Jobs with a higher one come first.
    var priority = 0
    /// Seconds since 1970.
    var created: Double
    /// When it was queued again; nil where it has waited since it was made.
    var queued: Double?
    var started: Double?
    var finished: Double?
    /// How often a worker has begun it.
    var attempts = 0
    /// Bytes of the upload.
    var bytes: Int
    /// Bytes that its files take: upload, result and what else is in its folder.
    var stored = 0
    /// The name of the result's file in the job's folder.
    var result: String?
    var frames: Int?
    /// Why the last attempt failed, in the words for the user.
    var error: String?

    enum CodingKeys: String, CodingKey {
        case id, filename, source, owner, options, state, priority, created, queued, started, finished, attempts, bytes
        case stored, result, frames, error
    }
}
