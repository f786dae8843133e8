import Foundation
import Synchronization
import Testing

/// Runs the built `sakuga` as a user would, in a folder of its own.
struct BuiltCommand {
    struct Result {
        var code: Int32
        /// Standard output as text, and as it is.
        var output: String { String(decoding: outputBytes, as: UTF8.self) }
        var outputBytes: Data
        var errorOutput: String
        /// Ended by a signal: a crash, or what a test sent.
        var wasKilled = false
    }

    /// The program lies beside the test program.
    static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("sakuga")
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// Kept from one run of the tests to the next, so that networks need not be compiled each time.
    private static let cache = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-test-cache")

    /// A folder of this run's own, in place of the user's home; the program is started in it.
    let home: URL

    init() throws {
        home = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    }

    func removeHome() { try? FileManager.default.removeItem(at: home) }

    func file(_ name: String) -> URL { home.appendingPathComponent(name) }

    /// Runs the program to its end, in `home`.
    func run(_ arguments: String...) throws -> Result { try run(arguments) }

    /// - Parameters:
    ///   - input: standard input; empty where nothing is given.
    ///   - environment: added to a small one of the test's own.
    ///   - launcher: a command that runs the program: `setpriv …`, `prlimit …`.
    ///   - timeout: after that many seconds the program is killed, and the test fails.
    func run(
        _ arguments: [String], input: FileHandle? = nil, environment: [String: String] = [:], launcher: [String] = [],
        timeout: Double = 60
    ) throws -> Result {
        let running = try start(arguments, input: input, environment: environment, launcher: launcher)
        return try running.wait(timeout: timeout)
    }

    /// Starts the program and leaves it running.
    func start(
        _ arguments: [String], input: FileHandle? = nil, environment: [String: String] = [:], launcher: [String] = []
    ) throws -> RunningCommand {
        let command = launcher + [Self.executable.path] + arguments
        let process = Process()
        process.executableURL = URL(fileURLWithPath: launcher.isEmpty ? command[0] : "/usr/bin/env")
        process.arguments = launcher.isEmpty ? arguments : command
        process.currentDirectoryURL = home
        process.environment = [
            "HOME": home.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "80",
            "XDG_CACHE_HOME": Self.cache.path, "SWIFT_BACKTRACE": "enable=no",
        ].merging(environment) { $1 }
        process.standardInput = input ?? FileHandle.nullDevice
        return try RunningCommand(process)
    }
}

/// A program that was started.
final class RunningCommand: Sendable {
    private let process: Mutex<Process>
    private let ended = DispatchSemaphore(value: 0)
    private let outputFile: URL
    private let errorFile: URL
    let processID: Int32

    fileprivate init(_ process: sending Process) throws {
        // Files instead of pipes: nothing to drain, whatever the amount. Not in the folder that tests look into.
        let folder = FileManager.default.temporaryDirectory
        outputFile = folder.appendingPathComponent("sakuga-output-\(UUID().uuidString)")
        errorFile = folder.appendingPathComponent("sakuga-errors-\(UUID().uuidString)")
        for file in [outputFile, errorFile] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
        processID = process.processIdentifier
        self.process = Mutex(process)
    }

    deinit {
        for file in [outputFile, errorFile] { try? FileManager.default.removeItem(at: file) }
    }

    /// What stands on standard error so far.
    var errorOutput: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// Does nothing where it has ended: its number may be another program's by then.
    func send(_ signal: Int32) {
        process.withLock { if $0.isRunning { kill(processID, signal) } }
    }

    /// Waits until `condition` holds for what stands on standard error; false when that takes longer than `timeout`.
    func waitForErrorOutput(timeout: Double = 30, _ condition: (String) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(timeout)
        while !condition(errorOutput) {
            guard ContinuousClock.now < deadline else { return false }
            usleep(5_000)
        }
        return true
    }

    /// Waits for the end.
    func wait(timeout: Double = 60) throws -> BuiltCommand.Result {
        if ended.wait(timeout: .now() + timeout) == .timedOut {
            send(SIGKILL)
            ended.wait()
            Issue.record("the program was still running after \(timeout) s: \(errorOutput)")
        }
        // It may be waited for again.
        ended.signal()
        let (status, reason) = process.withLock { ($0.terminationStatus, $0.terminationReason) }
        return BuiltCommand.Result(
            code: status, outputBytes: try Data(contentsOf: outputFile), errorOutput: errorOutput,
            wasKilled: reason == .uncaughtSignal)
    }
}
