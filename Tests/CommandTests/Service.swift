import Foundation
import Support
import Testing

/// A server on a port of its own, over a folder that outlives it; both go with this object.
final class Service {
    let command: BuiltCommand
    private(set) var running: RunningCommand
    private(set) var port = 0
    private let arguments: [String]
    private let environment: [String: String]

    init(_ arguments: [String] = [], environment: [String: String] = [:]) throws {
        command = try BuiltCommand()
        (self.arguments, self.environment) = (arguments, environment)
        (running, port) = try Self.start(command, arguments, environment, port: 0)
    }

    deinit {
        running.send(SIGKILL)
        _ = try? running.wait(timeout: 10)
        command.removeHome()
    }

    private static func start(
        _ command: BuiltCommand, _ arguments: [String], _ environment: [String: String], port: Int
    ) throws -> (RunningCommand, Int) {
        let bind = arguments.contains("--bind") ? [] : ["--bind", "127.0.0.1:\(port)"]
        let running = try command.start(
            ["serve", "--data", "data"] + bind + arguments, environment: environment)
        guard running.waitForErrorOutput(timeout: 30, { $0.contains("open http://") && $0.hasSuffix("\n") }),
            let port = running.errorOutput.split(separator: "/").compactMap({ part in
                part.split(separator: ":").last.flatMap { Int($0) }
            }).first
        else {
            running.send(SIGKILL)
            throw Browser.Failure(description: "no address in: \(running.errorOutput)")
        }
        return (running, port)
    }

    /// What a power cut does.
    func crash() throws {
        running.send(SIGKILL)
        _ = try running.wait(timeout: 10)
    }

    /// At the same address.
    func restart() throws { (running, port) = try Self.start(command, arguments, environment, port: port) }

    func end() throws -> BuiltCommand.Result {
        running.send(SIGINT)
        return try running.wait(timeout: 30)
    }

    func address(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    struct Answer {
        var code: Int
        var body: String
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
    }

    func ask(_ path: String, token: String? = nil, _ options: String...) throws -> Answer {
        let access = token.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
        let said = try MediaTool.run(
            "curl",
            ["-s", "--path-as-is", "--max-time", "30", "-w", "\n%{http_code}"] + access + options + [address(path)])
        let lines = said.split(separator: "\n", omittingEmptySubsequences: false)
        return Answer(code: Int(lines.last ?? "") ?? 0, body: lines.dropLast().joined(separator: "\n"))
    }

    func send(_ file: URL, _ query: String, token: String? = nil) throws -> String {
        let answer = try ask("/api/jobs?\(query)", token: token, "-X", "POST", "--data-binary", "@\(file.path)")
        guard answer.code == 201, let id = answer.json["id"] as? String else {
            throw Browser.Failure(description: "not accepted: \(answer.code) \(answer.body)")
        }
        return id
    }

    func wait(
        _ id: String, until states: Set<String> = ["done", "failed", "cancelled"], token: String? = nil
    ) throws -> [String: Any] {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let job = try ask("/api/jobs/\(id)", token: token).json
            if let state = job["state"] as? String, states.contains(state) { return job }
            usleep(100_000)
        }
        throw Browser.Failure(description: "job \(id) is not over after a minute")
    }
}
