import ArgumentParser
import Foundation
import Frames
import Testing

@testable import sakuga

@Suite("Error printing")
struct ErrorPrinterTests {
    private let plain = ErrorPrinter(arguments: ["sakuga", "presets"])

    @Test("an error is two lines, or one without a hint, and its code is the exit code")
    func twoLines() {
        let error = SakugaError(.noInput, "cannot open 'in.mp4': no such file", hint: "check the name")
        #expect(
            plain.ending(for: error)
                == .init(code: 66, errorOutput: "error: cannot open 'in.mp4': no such file\nhint: check the name\n"))
        let other = SakugaError(.inputOutput, "cannot write 'out.mp4': no space left on device")
        #expect(
            plain.ending(for: other)
                == .init(code: 74, errorOutput: "error: cannot write 'out.mp4': no space left on device\n"))
    }

    @Test(
        "--progress json makes it one JSON object, also where the command line makes no sense",
        arguments: [["--progress", "json"], ["--progress=json"]])
    func json(arguments: [String]) throws {
        let printer = ErrorPrinter(arguments: ["sakuga", "stylize"] + arguments)
        let ending = printer.ending(for: SakugaError(.data, "cannot read \"a\nb\""))
        #expect(
            ending
                == .init(code: 65, errorOutput: #"{"event":"error","code":65,"message":"cannot read \"a\nb\""}"# + "\n")
        )
    }

    @Test("an error that is not ours is our fault")
    func foreignError() {
        struct Strange: Error {}
        #expect(plain.ending(for: Strange()) == .init(code: 70, errorOutput: "error: internal error: Strange()\n"))
    }

    @Test("a stopped run ends with 130")
    func interrupted() {
        #expect(plain.ending(for: SakugaError(.interrupted, "stopped")).code == 130)
        #expect(plain.ending(for: CancellationError()).code == 130)
        #expect(plain.ending(for: ExitCode(3)) == .init(code: 3))
    }
}

@Suite("The command line", .timeLimit(.minutes(30)))
struct CommandLineTests {
    struct Case: CustomTestStringConvertible {
        var arguments: [String]
        var error: String
        var hint: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(
        "nonsense is a sentence, a hint and exit code 64",
        arguments: [
            Case(arguments: ["--nope"], error: "unknown option '--nope'", hint: "see 'sakuga --help'"),
            Case(
                arguments: ["presets", "cel", "extra"], error: "unexpected argument 'extra'",
                hint: "see 'sakuga presets list --help'"),
            Case(
                arguments: ["export"], error: "missing expected argument '<preset>'", hint: "see 'sakuga export --help'"
            ),
            Case(
                arguments: ["export", "cel", "-o", "x.onnx", "--size", "big"],
                error: "the value 'big' is invalid for '--size <size>'",
                hint: "give width and height in pixels, for example 1280x720"),
        ])
    func usage(wrong: Case) throws {
        let ending = ErrorPrinter(arguments: ["sakuga"]).ending(for: try parseError(wrong.arguments))
        #expect(ending == .init(code: 64, errorOutput: "error: \(wrong.error)\nhint: \(wrong.hint)\n"))
    }

    @Test("help and version go to standard output with exit code 0")
    func helpAndVersion() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let version = try command.run("--version")
        #expect(version.code == 0 && version.output == "\(Version.current)\n" && version.errorOutput.isEmpty)
        let help = try command.run("presets", "--help")
        #expect(help.code == 0 && help.output.contains("USAGE: sakuga presets") && help.errorOutput.isEmpty)
        let wrong = try command.run("--nope", "--progress", "json")
        #expect(wrong.code == 64 && wrong.output.isEmpty)
        #expect(wrong.errorOutput.hasPrefix(#"{"event":"error","code":64,"#))
    }

    private func parseError(_ arguments: [String]) throws -> any Error {
        do { _ = try Sakuga.parseAsRoot(arguments) } catch { return error }
        throw CocoaError(.featureUnsupported)
    }
}
