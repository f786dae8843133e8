import ArgumentParser
import Foundation
import Frames

/// Prints the error that ended the program and exits with its code.
struct ErrorPrinter {
    /// What the program ends with.
    struct Ending: Equatable {
        var code: Int32
        /// For standard output: help and version.
        var output = ""
        /// For standard error.
        var errorOutput = ""
    }

    private let isJSON: Bool
    /// What stands where a command belongs.
    private let command: String?

    /// Makes a printer for a program that was called with `arguments`, its name first. They are searched for
    /// `--progress json` as they are, since also a command line that makes no sense is to be reported in JSON then.
    init(arguments: [String]) {
        let isPair = zip(arguments, arguments.dropFirst()).contains { $0 == "--progress" && $1 == "json" }
        isJSON = isPair || arguments.contains("--progress=json")
        command = arguments.dropFirst().first
    }

    func exit(with error: any Error) -> Never {
        let ending = ending(for: error)
        if !ending.errorOutput.isEmpty { TerminalScreen.standardError.write(ending.errorOutput) }
        print(ending.output, terminator: "")
        Foundation.exit(ending.code)
    }

    func ending(for error: any Error) -> Ending {
        switch error {
        case let error as SakugaError: return ending(for: error)
        case let code as ExitCode: return Ending(code: code.rawValue)
        case is CancellationError: return ending(for: SakugaError(.interrupted, "stopped"))
        default: break
        }
        let code = Sakuga.exitCode(for: error)
        if code == .success { return Ending(code: 0, output: Sakuga.fullMessage(for: error) + "\n") }
        if code == .validationFailure { return ending(for: usageError(error)) }
        return ending(for: SakugaError(.software, "internal error: \(error)"))
    }

    private func ending(for error: SakugaError) -> Ending {
        var text = JSONLine.text("error", ErrorEvent(error))
        if !isJSON {
            // A file name, and what FFmpeg says, may hold line breaks; the error is one line all the same.
            let lines = [("error", error.message), ("hint", error.hint ?? "")].filter { !$0.1.isEmpty }
            text = lines.map { "\($0): \($1.split(whereSeparator: \.isNewline).joined(separator: " "))\n" }.joined()
        }
        return Ending(code: error.code.rawValue, errorOutput: text)
    }

    /// Puts what ArgumentParser found wrong into our shape.
    private func usageError(_ error: any Error) -> SakugaError {
        var message = Sakuga.message(for: error).trimmingCharacters(in: .whitespacesAndNewlines)
        if let first = message.first, message.dropFirst().first?.isUppercase != true {
            message = first.lowercased() + message.dropFirst()
        }
        if message.hasSuffix(".") { message.removeLast() }
        // The full message ends with: See 'sakuga stylize --help' for more information.
        let full = Sakuga.fullMessage(for: error)
        let help = full.range(of: "'sakuga[^']* --help'", options: .regularExpression).map { String(full[$0]) }
        var hint = "see \(help ?? "'sakuga --help'")"
        if let command, message == "unexpected argument '\(command)'" {
            let names = Sakuga.configuration.subcommands.map { $0._commandName }.joined(separator: ", ")
            return SakugaError(.usage, "there is no command '\(command)'", hint: "the commands are: \(names)")
        }
        // A second sentence says what to do.
        if let advice = message.range(of: ". Did you mean ") {
            hint = "did you mean \(message[advice.upperBound...])"
            message = String(message[..<advice.lowerBound])
        } else if let advice = message.range(of: ". Please provide one of ") {
            hint = "give one of \(message[advice.upperBound...])"
            message = String(message[..<advice.lowerBound])
        } else if let form = Self.forms.first(where: { message.hasSuffix("invalid for '\($0.option)'") }) {
            hint = form.hint
        }
        return SakugaError(.usage, message, hint: hint)
    }

    /// What options want whose values are neither numbers nor one of a few words.
    private static let forms = [
        (option: "--size <size>", hint: "give width and height in pixels, for example 1280x720"),
        (option: "--start <start>", hint: "give seconds or [HH:]MM:SS[.mmm], for example 1:05.5"),
        (option: "--end <end>", hint: "give seconds or [HH:]MM:SS[.mmm], for example 1:05.5"),
    ]
}
