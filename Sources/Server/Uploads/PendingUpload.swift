internal import Foundation
internal import GRDB

/// A film that comes in parts. How much of it is there is told by its file.
struct PendingUpload: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "upload"

    /// The job's, when all of it is there.
    var id: String
    var owner: String?
    /// Bytes of the whole.
    var size: Int
    var submission: Submission
}

extension JobStore {
    /// Takes an upload on, if there is room for it.
    ///
    /// - Throws: `Refusal` with the reason.
    func begin(_ upload: PendingUpload, from caller: Caller, _ limits: ServiceLimits) throws {
        try database.write { database in
            try Self.check(caller, upload.size, limits, database)
            try upload.insert(database)
        }
    }

    func upload(_ id: String) throws -> PendingUpload? {
        try database.read { try PendingUpload.fetchOne($0, key: id) }
    }

    func uploads() throws -> [PendingUpload] { try database.read { try PendingUpload.fetchAll($0) } }

    /// Makes a job of an upload, once.
    ///
    /// - Throws: `NotFound` where the upload is gone: has become a job, or its user was removed.
    func finish(_ upload: PendingUpload) throws {
        try database.write { database in
            guard try upload.delete(database) else { throw NotFound() }
            try upload.submission.job(upload.id, of: upload.owner, bytes: upload.size).insert(database)
        }
    }

    /// Forgets an upload; returns whether it was there.
    func remove(_ upload: PendingUpload) throws -> Bool { try database.write { try upload.delete($0) } }
}
