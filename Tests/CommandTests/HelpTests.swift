import ArgumentParser
import Foundation
import Testing

@testable import sakuga

/// The words of `--help`, kept in Tests/Goldens. `RECORD_GOLDENS=1 swift test --filter HelpTests` writes them anew.
@Suite("Help", .onOwnThreads, .timeLimit(.minutes(5)))
struct HelpTests {
    static let commands = [""] + Sakuga.configuration.subcommands.map { $0._commandName }
    private static let isRecording = ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1"

    @Test("help says what it said before, with examples", arguments: commands)
    func golden(name: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let help = try command.run((name.isEmpty ? [] : [name]) + ["--help"])
        #expect(help.code == 0 && help.errorOutput == "")
        let file = BuiltCommand.package.appendingPathComponent("Tests/Goldens/help\(name.isEmpty ? "" : "-")\(name).txt")
        if Self.isRecording {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try help.outputBytes.write(to: file)
            Issue.record("recorded \(file.lastPathComponent): look at the difference, then run again without RECORD_GOLDENS")
            return
        }
        let expected = try? String(contentsOf: file, encoding: .utf8)
        #expect(help.output == expected, "if it should be so: RECORD_GOLDENS=1 swift test --filter HelpTests")
        #expect(name.isEmpty || help.output.contains("sakuga \(name) ") , "help has no example")
    }

    @Test("--version prints the version alone")
    func version() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run("--version")
        #expect(result.code == 0 && result.output == "\(Version.current)\n" && result.errorOutput == "")
    }
}
