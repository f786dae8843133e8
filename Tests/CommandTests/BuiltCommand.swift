import Foundation
import Testing

/// Runs the built `sakuga` as a user would.
struct BuiltCommand {
    struct Result {
        var code: Int32
        var output: String
        var errorOutput: String
    }

    /// The program lies beside the test program.
    static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("sakuga")

    /// A folder of this run's own, in place of the user's home.
    let home: URL

    init() throws {
        home = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    }

    func removeHome() { try? FileManager.default.removeItem(at: home) }

    /// Runs the program to its end, in `home`.
    func run(_ arguments: String...) throws -> Result { try run(arguments) }

    func run(_ arguments: [String]) throws -> Result {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.currentDirectoryURL = home
        process.environment = ["HOME": home.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]
        process.standardInput = FileHandle.nullDevice
        // Files instead of pipes: nothing to drain, whatever the amount.
        let output = home.appendingPathComponent(".output-\(UUID().uuidString)")
        let errorOutput = home.appendingPathComponent(".errors-\(UUID().uuidString)")
        for file in [output, errorOutput] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errorOutput)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        return Result(
            code: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
            errorOutput: try String(contentsOf: errorOutput, encoding: .utf8))
    }
}
