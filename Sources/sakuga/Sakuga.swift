import ArgumentParser
import Foundation
import Media

@main
struct Sakuga: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sakuga",
        abstract: "Turns video into anime.",
        version: Version.current,
        subcommands: [
            StylizeCommand.self, AugmentCommand.self, ProbeCommand.self, CompareCommand.self, EvaluateCommand.self,
            EvaluateStyleCommand.self, LiveCommand.self, BatchCommand.self, RenderCommand.self, ServeCommand.self,
            UsersCommand.self, WorkerCommand.self, TrainCommand.self,
            DistillCommand.self,
            BenchCommand.self, PresetsCommand.self, ExportCommand.self, DoctorCommand.self,
        ]
    )

    static func main() {
        // A reader that goes away is then a failed write, reported like any other.
        signal(SIGPIPE, SIG_IGN)
        FFmpegLog.quietEncoders()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            ErrorPrinter(arguments: CommandLine.arguments).exit(with: error)
        }
    }
}
