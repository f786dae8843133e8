import Foundation
import Testing

@testable import Server

@Suite("Job filter")
struct JobFilterTests {
    @Test("a list shows what was asked for, signs that mean something in SQL being signs like others")
    func filters() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try JobStore(JobStore.file(in: folder))
        _ = try UserStore(store).add("mia", .user)
        let jobs: [(name: String, preset: String, owner: String?, state: Job.State)] = [
            ("Überfahrt 100%.mp4", "cel", "mia", .done), ("ueberfahrt_1.mp4", "cel:studio", nil, .queued),
            ("o'neill.mkv", "painted", "mia", .done), ("celebration.mp4", "cello", nil, .failed),
        ]
        for (number, job) in jobs.enumerated() {
            var options = JobOptions()
            options.preset = job.preset
            try store.add(
                Job(
                    id: "\(number)", filename: job.name, owner: job.owner, options: options, state: job.state,
                    created: Double(number), bytes: 1))
        }
        let cases: [(JobFilter, [String])] = [
            (JobFilter(), ["3", "2", "1", "0"]), (JobFilter(filename: "überFAHRT"), ["0"]),
            (JobFilter(filename: "%"), ["0"]), (JobFilter(filename: "_"), ["1"]), (JobFilter(filename: "O'N"), ["2"]),
            (JobFilter(filename: "zzz"), []), (JobFilter(preset: "cel"), ["1", "0"]),
            (JobFilter(preset: "cel:studio"), ["1"]), (JobFilter(preset: "c%"), []),
            (JobFilter(owner: "mia"), ["2", "0"]), (JobFilter(state: .done, owner: "mia", filename: "neill"), ["2"]),
            (JobFilter(owner: "' OR 1=1 --"), []),
        ]
        for (filter, ids) in cases {
            let page = try store.jobs(filter, limit: 10, offset: 0)
            #expect(page.jobs.map(\.id) == ids, "\(filter)")
            #expect(page.total == ids.count)
        }
        #expect(try store.jobs(JobFilter(), limit: 2, offset: 1).jobs.map(\.id) == ["2", "1"])
    }
}
