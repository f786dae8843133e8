import Foundation
import Hummingbird
import Model
import Testing

@testable import Server

@Suite("Uploads in parts")
struct UploadTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString)")

    @Test(
        "a part is read as RFC 9110 writes it",
        arguments: [("bytes 0-0/10", 0..<1), ("bytes 3-9/10", 3..<10), ("bytes */10", 0..<0)])
    func parts(text: String, part: Range<Int>) throws { #expect(try ResumableUpload.part(text, size: 10) == part) }

    @Test(
        "anything else is refused",
        arguments: [
            "", "bytes", "bytes 0-9", "bytes 0-9/*", "bytes 0-9/11", "bytes 0-10/10", "bytes 5-3/10", "bytes -3/10",
            "bytes 3-/10", "bytes */9", "bytes 0-1,3-4/10", "items 0-9/10", "bytes 0-9/10/10",
            "bytes 99999999999999999999-9/10", "bytes -1-9/10",
        ])
    func nonsense(text: String) { #expect(throws: (any Error).self) { try ResumableUpload.part(text, size: 10) } }

    private func service() throws -> JobService {
        let folders = try JobFolders(folder, allowed: AllowedFolders())
        let store = try JobStore(JobStore.file(in: folder))
        let dispatcher = Dispatcher(
            store, folders, executable: folder, workers: 1, limits: ServiceLimits(), jobLimits: WorkOrder.Limits())
        return JobService(store, folders, dispatcher, presets: PresetLibrary(), limits: ServiceLimits())
    }

    /// An upload of 10 bytes, so many of which are there.
    private func upload(_ service: JobService, bytes: Int) throws -> (PendingUpload, file: URL) {
        let submission = try Submission(Parameters(), from: .host, presets: [])
        let id = try service.begin(submission, bytes: 10, from: .host)
        let upload = PendingUpload(id: id, owner: nil, size: 10, submission: submission)
        try service.store.begin(upload, from: .host, service.limits)
        let file = service.folders.input(id, filename: submission.filename)
        try Data(count: bytes).write(to: file)
        return (upload, file)
    }

    @Test("what was whole when the server ended becomes a job, once; what was not waits on")
    func wholeAtTheEnd() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let service = try service()
        let (whole, _) = try upload(service, bytes: 10)
        let (part, _) = try upload(service, bytes: 9)
        for _ in 0..<2 {
            service.folders.removeOrphans(keeping: try service.store.ids())
            try ResumableUpload(service).finishAll()
        }
        #expect(try service.store.jobs(JobFilter(), limit: 10, offset: 0).jobs.map(\.id) == [whole.id])
        #expect(try service.store.job(whole.id)?.bytes == 10)
        #expect(try service.store.uploads().map(\.id) == [part.id])
        #expect(throws: NotFound.self) { try service.store.finish(whole) }
    }

    @Test("an upload to which nothing is sent any more is forgotten")
    func abandoned() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let service = try service()
        let (upload, file) = try upload(service, bytes: 5)
        let sweep = Sweep(service.store, service.folders, service.limits)
        let now = Date.now.timeIntervalSince1970
        try sweep.run(now: now + service.limits.abandoned - 60)
        #expect(try service.store.upload(upload.id) != nil)
        try sweep.run(now: now + service.limits.abandoned + 60)
        #expect(try service.store.upload(upload.id) == nil)
        #expect(!FileManager.default.fileExists(atPath: file.deletingLastPathComponent().path))
    }
}
