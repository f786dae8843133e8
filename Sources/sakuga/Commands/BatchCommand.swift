import ArgumentParser
import Batch
import Foundation
import Frames
import Pipeline
import Stylize

struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Draws many videos and pictures: folders, patterns, lists.",
        discussion: """
            Results keep the names and the folders of their inputs. What is there already is skipped, a file that cannot be \
            drawn is reported and does not stop the rest, and a batch that was interrupted goes on where it was.

            A list is CSV with names in the first line (input,output,preset,strength,…: those of sakuga stylize), or \
            JSON objects, one a line. Paths in it count from where it lies; outputs from the folder of results.

            EXAMPLES
              sakuga batch holiday/ -o drawn/
              sakuga batch 'shots/*/*.mov' extra.mp4 -o drawn/ --workers 2 --preset painted
              sakuga batch jobs.csv -o drawn/ --report report.json
              sakuga batch inbox/ -o drawn/ --watch           draws what is put there, until Ctrl-C
            """)

    @Argument(help: "Folders with all below them, files, quoted patterns, and lists (.csv, .jsonl).")
    var inputs: [String]

    @Option(name: .shortAndLong, help: "The folder for the results.")
    var output: String

    @Option(help: "Pieces of work at a time, each in a process of its own.")
    var workers = 1

    @Flag(help: "Wait for more files, and take each when it has stopped growing.")
    var watch = false

    @Option(help: "Write what became of each file to this file, as JSON.")
    var report: String?

    @OptionGroup(title: "Look") var look: LookOptions
    @OptionGroup(title: "Source") var source: SourceOptions
    @OptionGroup(title: "Output") var target: TargetOptions
    @OptionGroup(title: "Machine") var machine: MachineOptions

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers must be 1 to 256.") }
    }

    func run() throws {
        var usual = try StylizeRequest(input: "", output: nil, look, source, target, machine)
        usual.resumes = true
        var settings = BatchRun.Settings(
            executable: Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
        (settings.workers, settings.watches, settings.overwrites) = (workers, watch, target.overwrite)
        let screen = TerminalScreen.standardError
        let run = BatchRun(BatchInputs(inputs, into: output, usual: usual), settings) { result, over, all in
            screen.write(Self.line(result, over, all))
        }
        let interrupt = Interrupt { run.stop() }
        let begun = ContinuousClock.now
        let results = try run.run()
        if let report { try write(results, to: report) }
        screen.write(Self.summary(results, (ContinuousClock.now - begun).seconds))
        if interrupt.isRequested, !watch {
            throw SakugaError(.interrupted, "stopped", hint: "the same command goes on from what is drawn")
        }
        let failed = results.count { $0.state == .failed }
        guard failed == 0 else {
            throw SakugaError(.data, "\(failed) of \(results.count) inputs could not be drawn")
        }
    }

    private static func line(_ result: BatchResult, _ over: Int, _ all: Int) -> String {
        let what =
            switch result.state {
            case .done: "\(result.frames ?? 0) frames in \(result.seconds ?? 0) s"
            case .skipped: "skipped: '\(result.output)' is there"
            case .failed: "failed: \(result.error ?? "")"
            case .stopped: "not drawn"
            }
        return "[\(over)/\(all)] \(result.input): \(what)\n"
    }

    private static func summary(_ results: [BatchResult], _ seconds: Double) -> String {
        let frames = results.reduce(0) { $0 + ($1.frames ?? 0) }
        let states = BatchResult.State.allCases.compactMap { state -> String? in
            let count = results.count { $0.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        let speed = seconds > 0 ? Int((Double(frames) / seconds).rounded()) : 0
        return "\(states.isEmpty ? "nothing to draw" : states.joined(separator: ", ")); "
            + "\(frames) frames in \(Int(seconds.rounded())) s (\(speed) frames/s)\n"
    }

    private func write(_ results: [BatchResult], to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(results).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw SakugaError(.cannotCreate, "cannot write the report '\(path)': \(error.localizedDescription)")
        }
    }
}
