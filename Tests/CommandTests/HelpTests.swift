import ArgumentParser
import Foundation
import Testing

@testable import sakuga

/// The words of `--help`, kept in Tests/Goldens. `RECORD_GOLDENS=1 swift test --filter HelpTests` writes them anew.
@Suite("Help", .onOwnThreads, .timeLimit(.minutes(30)))
struct HelpTests {
    static let commands = [""] + names(Sakuga.self)
    /// The commands below one, and those below them: `presets`, `presets add`.
    private static func names(_ command: any ParsableCommand.Type) -> [String] {
        command.configuration.subcommands.flatMap { below in
            [below._commandName] + names(below).map { "\(below._commandName) \($0)" }
        }
    }

    private static let isRecording = ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1"

    @Test("help says what it said before, with examples", arguments: commands)
    func golden(name: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let help = try command.run(name.split(separator: " ").map(String.init) + ["--help"])
        #expect(help.code == 0 && help.errorOutput == "")
        let file = BuiltCommand.package.appendingPathComponent(
            "Tests/Goldens/help\(name.isEmpty ? "" : "-")\(name.replacingOccurrences(of: " ", with: "-")).txt")
        if Self.isRecording {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try help.outputBytes.write(to: file)
            Issue.record(
                "recorded \(file.lastPathComponent): look at the difference, then run again without RECORD_GOLDENS")
            return
        }
        let expected = try? String(contentsOf: file, encoding: .utf8)
        #expect(help.output == expected, "if it should be so: RECORD_GOLDENS=1 swift test --filter HelpTests")
        if !name.isEmpty, !name.contains(" ") {
            #expect(help.output.contains("  sakuga \(name) "), "help has no example")
        }
    }

    @Test("--version prints the version alone")
    func version() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run("--version")
        #expect(result.code == 0 && result.output == "\(Version.current)\n" && result.errorOutput == "")
    }
}
