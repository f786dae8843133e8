import Foundation
import Frames
import Model
import Testing

@testable import sakuga

@Suite("The doctor's report")
struct DoctorReportTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "sakuga-doctor-\(UUID().uuidString)")

    private var library: PresetLibrary {
        PresetLibrary(environment: ["HOME": folder.path], executable: nil)
    }

    @Test("without presets there is one thing missing, with the way to get it")
    func noPresets() throws {
        var report = DoctorReport()
        report.examinePresets(in: library)
        let missing = try #require(report.missing.first)
        #expect(missing.name == "presets" && missing.text.contains(folder.path))
        #expect(missing.hint?.contains("sakuga presets add") == true)
        #expect(report.text.hasPrefix("presets  MISSING  none found in '"))
    }

    @Test("a broken preset is told apart from none")
    func brokenPreset() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let torn = library.userFolder.appendingPathComponent("torn")
        try FileManager.default.createDirectory(at: torn, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: torn.appendingPathComponent("preset.json"))
        var report = DoctorReport()
        report.examinePresets(in: library)
        #expect(report.findings.map(\.state) == [.note, .missing])
        #expect(report.findings.first?.text.contains("has no key 'name'") == true)
    }

    @Test("an engine that cannot start is missing, with its own words")
    func noEngine() throws {
        var report = DoctorReport()
        report.examineEngine { throw SakugaError(.unavailable, "there is no device 'AUTO', OpenVINO found none") }
        let missing = try #require(report.missing.first)
        #expect(missing.name == "OpenVINO" && missing.text == "there is no device 'AUTO', OpenVINO found none")
        #expect(missing.hint != nil)
    }

    @Test("sakuga doctor names versions, devices, presets and cache, and ends with 69 where one is missing")
    func command() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run("doctor", "--json")
        struct Report: Decodable {
            struct Finding: Decodable {
                var name: String
                var state: String
                var text: String
            }
            var findings: [Finding]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        #expect(Set(report.findings.map(\.name)).isSuperset(of: ["sakuga", "system", "OpenVINO", "presets", "cache"]))
        #expect(report.findings.contains { $0.name == "device" && $0.text.hasPrefix("CPU: ") })
        let isMissing = report.findings.contains { $0.state == "missing" }
        #expect(result.code == (isMissing ? 69 : 0))
        #expect(result.errorOutput.isEmpty == !isMissing)
    }

    @Test("a cache that cannot be written is a note, one that can leaves nothing behind")
    func cache() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var report = DoctorReport()
        report.examineCache(in: folder.appendingPathComponent("cache"))
        #expect(report.findings.map(\.state) == [.ok])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache").isEmpty)
        // A file in the place of the folder: also root cannot write there.
        try Data().write(to: folder.appendingPathComponent("file"))
        report.examineCache(in: folder.appendingPathComponent("file/cache"))
        #expect(report.findings.map(\.state) == [.ok, .note])
        #expect(report.missing.isEmpty)
    }
}
