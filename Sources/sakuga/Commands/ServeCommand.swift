import ArgumentParser
import Batch
import Dispatch
import Foundation
import Frames
import Server
import Web

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Draws what people send it, from a page and for programs.",
        discussion: """
            Films are sent from the page or with a request, wait in a queue, and are drawn one after the other; results \
            are fetched when they are done. What was accepted survives a crash of the server and of its machine. \
            GET /openapi.json describes the interface for programs.

            Only this machine is answered, unless --bind lets others in, or a proxy (--name) does. Then, and as soon as there \
            are users (sakuga users), a token is needed: a user's, or the one that SAKUGA_TOKEN gives or that is made up and printed, whose holder may \
            do everything.

            Options can also be given in the environment (SAKUGA_WORKERS=2) and in a file of JSON, by the same names. The \
            command line goes before the environment, and the environment before the file; folders add up.

            EXAMPLES
              sakuga serve                                  then open http://127.0.0.1:8090/
              sakuga serve --bind 0.0.0.0 --workers 2
              sakuga serve --config server.json             {"workers": 2}
              curl -T film.mp4 -X POST 'http://127.0.0.1:8090/api/jobs?filename=film.mp4&preset=painted'
            """)

    @Option(help: "Where jobs, uploads and results are kept.")
    var data = "sakuga-data"

    @Option(help: "The address to listen on, with or without a port. (default: 127.0.0.1:8090)")
    var bind: String?

    @Option(help: "A name under which a proxy with TLS reaches the server. Can be given several times.")
    var name: [String] = []

    @Option(help: "Jobs drawn at a time.")
    var workers = 1

    @Option(help: "Megabytes of the largest upload.")
    var largestUpload = 16384

    @Option(help: "Jobs of one user drawn at a time; 0: no limit.")
    var runningPerUser = 0

    @Option(help: "Jobs of one user that may wait; 0: no limit.")
    var waitingPerUser = 100

    @Option(help: "Megabytes of one user's uploads and results; 0: no limit.")
    var quotaPerUser = 0

    @Option(help: "Megabytes of all uploads and results; 0: no limit.")
    var quota = 0

    @Option(help: "Megabytes of the disk that are left free.")
    var freeDisk = 1024

    @Option(help: "Minutes of the longest video.")
    var longestVideo = 240.0

    @Option(help: "The largest picture, by its number of pixels.")
    var largestPicture = PixelSize(width: 4096, height: 2304)

    @Option(help: "Minutes that drawing a job may take; 0: no limit.")
    var timeLimit = 1440.0

    @Option(help: "Days for which a job that is over is kept, with its files; 0: for ever.")
    var keep = 14.0

    @Option(
        help: "A folder whose films users may draw where they lie, by their paths. Can be given several times.",
        completion: .directory)
    var allowFolder: [String] = []

    @Option(help: "Requests per second of one user or address, four times as many at once; 0: no limit.")
    var rate = 50.0

    @Option(help: "Where jobs are drawn: local, or slurm: on a cluster that shares the folders.")
    var executor = BatchCommand.Executor.local

    @Option(help: "Processor cores for each piece of work on a cluster.")
    var cores = 1

    @Option(
        parsing: .unconditionalSingleValue, help: "Any option of sbatch, as NAME=VALUE or NAME; may be repeated.")
    var slurmOption: [String] = []

    @Option(help: "A file with options: JSON, by their names.", completion: .file(extensions: ["json"]))
    var config: String?

    func validate() throws {
        guard (1...64).contains(workers) else { throw ValidationError("--workers must be 1 to 64.") }
        guard (1...256).contains(cores) else { throw ValidationError("--cores must be 1 to 256.") }
        let isName = { (name: String) in
            !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || "-.".contains($0) }
        }
        guard name.allSatisfy(isName) else { throw ValidationError("--name must be a name, without scheme and port.") }
        guard longestVideo > 0 else { throw ValidationError("--longest-video must be over 0.") }
        guard max(largestPicture.width, largestPicture.height) <= 1 << 30 else {
            throw ValidationError("--largest-picture is too large.")
        }
        let megabytes = 0...(Int.max >> 20)
        guard largestUpload > 0, megabytes.contains(largestUpload) else {
            throw ValidationError("--largest-upload must be over 0.")
        }
        let isSensible = [
            ("running-per-user", runningPerUser >= 0), ("waiting-per-user", waitingPerUser >= 0),
            ("quota-per-user", megabytes.contains(quotaPerUser)), ("quota", megabytes.contains(quota)),
            ("free-disk", megabytes.contains(freeDisk)), ("time-limit", (0...1e9).contains(timeLimit)),
            ("keep", (0...1e9).contains(keep)), ("rate", (0...1e9).contains(rate)),
        ]
        for (name, holds) in isSensible where !holds { throw ValidationError("--\(name) must be 0 or more.") }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        try OptionSources.command(
            Self.self, arguments: Array(CommandLine.arguments.drop { $0 != Self._commandName }.dropFirst()),
            environment: environment, file: config ?? environment["SAKUGA_CONFIG"]
        ).serve()
    }

    private func serve() throws {
        let screen = TerminalScreen.standardError
        let usual = ListenAddress(host: "127.0.0.1", port: 8090)
        let address = try bind.map { try ListenAddress($0, defaultPort: usual.port) } ?? usual
        var settings = RenderServer.Settings(
            data: URL(fileURLWithPath: data, isDirectory: true), address: address,
            folders: try AllowedFolders(allowFolder),
            executable: Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
        settings.workers = workers
        settings.names = name
        settings.limits = limits
        if executor == .slurm {
            let cluster = WorkOrder.Cluster(cores: cores, options: slurmOption.map { "--\($0)" })
            settings.cluster = cluster
            if let refusal = try SlurmRun.refusal(cores: cluster.cores, options: cluster.options) {
                screen.write("warning: \(refusal.message); jobs wait until it takes them\n")
            }
        }
        settings.jobLimits.duration = longestVideo * 60
        settings.jobLimits.pixels = largestPicture.width * largestPicture.height
        let given = ProcessInfo.processInfo.environment["SAKUGA_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        if let given, given.count < 16 {
            throw SakugaError(.usage, "SAKUGA_TOKEN is short enough to be guessed", hint: "give 16 characters or more")
        }
        // Through a proxy everybody seems to sit at this machine.
        let isOpen = try address.isLoopback && name.isEmpty && UserStore(data: settings.data, isNew: true).isEmpty()
        settings.token = given.map(AccessToken.init(text:)) ?? (isOpen ? nil : AccessToken())
        let stopped = DispatchSemaphore(value: 0)
        let interrupt = Interrupt { stopped.signal() }
        let server = try RenderServer(settings) { stopped.signal() }
        // Whoever gave the token knows it.
        let token = given == nil ? settings.token.map { "?token=\($0.text)" } ?? "" : ""
        screen.write("open http://\(server.address.reachable.authority)/\(token)\n")
        stopped.wait()
        guard interrupt.isRequested else {
            throw SakugaError(.unavailable, "the server cannot listen any more", hint: "start it again")
        }
        screen.write("stopping: what is being drawn goes on when the server is started again\n")
        server.stop()
        withExtendedLifetime(interrupt) {}
    }
    private var limits: ServiceLimits {
        var limits = ServiceLimits()
        limits.largestUpload = largestUpload << 20
        limits.runningPerUser = runningPerUser
        limits.waitingPerUser = waitingPerUser
        limits.storedPerUser = quotaPerUser << 20
        limits.stored = quota << 20
        limits.freeDisk = freeDisk << 20
        limits.attempt = timeLimit * 60
        limits.keep = keep * 86_400
        limits.rate = rate
        return limits
    }
}
