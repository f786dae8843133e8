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
              sakuga batch holiday/ -o drawn/ --executor slurm --cores 4 --slurm-option partition=long
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

    @Option(help: "Where it is drawn: local, or slurm: on a cluster that shares the folders.")
    var executor = Executor.local

    @Option(help: "Processor cores for each piece of work on a cluster.")
    var cores = 1

    @Option(help: "Segments of a film that one piece of work on a cluster draws, at most.")
    var segmentsPerTask = 4

    @Option(
        parsing: .unconditionalSingleValue, help: "Any option of sbatch, as NAME=VALUE or NAME; may be repeated.")
    var slurmOption: [String] = []

    enum Executor: String, ExpressibleByArgument, CaseIterable { case local, slurm }

    @OptionGroup(title: "Look") var look: LookOptions
    @OptionGroup(title: "Source") var source: SourceOptions
    @OptionGroup(title: "Output") var target: TargetOptions
    @OptionGroup(title: "Machine") var machine: MachineOptions

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers must be 1 to 256.") }
        guard (1...256).contains(cores) else { throw ValidationError("--cores must be 1 to 256.") }
        guard segmentsPerTask > 0 else { throw ValidationError("--segments-per-task must be over 0.") }
        if watch, executor == .slurm { throw ValidationError("--watch works with --executor local only.") }
    }

    func run() throws {
        var usual = try StylizeRequest(input: "", output: nil, look, source, target, machine)
        usual.resumes = true
        let inputs = BatchInputs(inputs, into: output, usual: usual)
        let executable = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let begun = ContinuousClock.now
        let screen = TerminalScreen.standardError
        let results: [BatchResult]
        let interrupt: Interrupt
        switch executor {
        case .local:
            var settings = BatchRun.Settings(executable: executable)
            (settings.workers, settings.watches, settings.overwrites) = (workers, watch, target.overwrite)
            let run = BatchRun(inputs, settings) { result, over, all in screen.write(Self.line(result, over, all)) }
            interrupt = Interrupt { run.stop() }
            results = try run.run()
        case .slurm:
            var settings = SlurmRun.Settings(executable: executable)
            (settings.cores, settings.segmentsPerTask) = (cores, segmentsPerTask)
            settings.overwrites = target.overwrite
            settings.options = slurmOption.map { "--\($0)" }
            let folder = URL(fileURLWithPath: output, isDirectory: true)
            let run = SlurmRun(try inputs.items(), in: folder, settings, say: { screen.write($0) })
            interrupt = Interrupt { run.stop() }
            results = try run.run()
        }
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
            case .done: "\(Self.count(result.frames)) in \(result.seconds ?? 0) s"
            case .skipped: "skipped: '\(result.output)' is there"
            case .failed: "failed: \(result.error ?? "")"
            case .stopped: "not drawn"
            }
        return "[\(over)/\(all)] \(result.input): \(what)\n"
    }

    private static func count(_ frames: Int?) -> String { frames == 1 ? "1 frame" : "\(frames ?? 0) frames" }

    private static func summary(_ results: [BatchResult], _ seconds: Double) -> String {
        let frames = results.reduce(0) { $0 + ($1.frames ?? 0) }
        let states = BatchResult.State.allCases.compactMap { state -> String? in
            let count = results.count { $0.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        let speed = seconds > 0 ? Int((Double(frames) / seconds).rounded()) : 0
        return "\(states.isEmpty ? "nothing to draw" : states.joined(separator: ", ")); "
            + "\(count(frames)) in \(Int(seconds.rounded())) s (\(speed) frames/s)\n"
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
