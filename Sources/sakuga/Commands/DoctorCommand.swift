import ArgumentParser
import Frames
import Inference
import Media
import Model

/// `sakuga doctor`: what this installation has, what it lacks, and how to get it.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks the installation and says what is missing and how to get it.",
        discussion: """
            EXAMPLES
              sakuga doctor           versions, devices, codecs, presets and cache
              sakuga doctor --json    for programs
            """)

    @Flag(help: "Print JSON.")
    var json = false

    /// - Throws: `.unavailable` where something needed is missing.
    func run() throws {
        var report = DoctorReport()
        report.examineSystem()
        report.examineMedia(MediaReport())
        report.examineEngine { try EngineReport() }
        report.examinePresets(in: PresetLibrary())
        report.examineCache(in: InferenceOptions.userCacheFolder())
        print(json ? try JSONResult.text(report) : report.text)
        let missing = report.missing
        guard missing.isEmpty else {
            throw SakugaError(
                .unavailable, "missing: \(missing.map(\.name).joined(separator: ", "))", hint: missing.first?.hint)
        }
    }
}
