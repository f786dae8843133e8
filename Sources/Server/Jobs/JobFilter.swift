internal import Foundation
internal import GRDB

/// Which jobs a list shows: those for which everything given holds.
struct JobFilter: Sendable {
    var state: Job.State?
    var owner: String?
    /// A preset's name, whatever its size; or NAME:SIZE.
    var preset: String?
    /// A part of the file's name, large or small letters.
    var filename: String?

    var request: QueryInterfaceRequest<Job> {
        var jobs = Job.all()
        if let state { jobs = jobs.filter(Column("state") == state) }
        if let owner { jobs = jobs.filter(Column("owner") == owner) }
        if let preset {
            let start = preset + ":"
            jobs = jobs.filter(
                literal: "substr(json_extract(options, '$.preset') || ':', 1, length(\(start))) = \(start)")
        }
        if let filename {
            jobs = jobs.filter(literal: "instr(\(Column("filename").lowercased), \(filename.lowercased())) > 0")
        }
        return jobs
    }
}
