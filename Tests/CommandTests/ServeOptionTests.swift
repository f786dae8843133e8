import Foundation
import Support
import Testing

/// Where `sakuga serve` has its options from, and how often it may be asked.
@Suite("Server's options", .onOwnThreads, .timeLimit(.minutes(30)))
struct ServeOptionTests {
    /// What the server says of its largest upload, in megabytes.
    private func largestUpload(_ service: Service) throws -> String {
        let answer = try service.ask("/api/uploads?size=999999999999", "-X", "POST")
        return String(String(answer.json["error"] as? String ?? "").filter(\.isNumber))
    }

    @Test("the command line goes before the environment, and that before the file")
    func precedence() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString).json")
        try #"{ "largest-upload": 3, "keep": 1.5, "largest-picture": "640x480", "allow-folder": ["/", "/tmp"] }"#
            .write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let variable = ["SAKUGA_LARGEST_UPLOAD": "4", "SAKUGA_WORKERS": "", "SAKUGA_UNKNOWN": "x"]
        let cases: [([String], [String: String], String)] = [
            (["--config", file.path], [:], "3"), ([], ["SAKUGA_CONFIG": file.path], "3"),
            (["--config", file.path], variable, "4"),
            (["--config", file.path, "--largest-upload", "5"], variable, "5"),
            (["--largest-upload", "5"], [:], "5"), ([], variable, "4"),
        ]
        for (arguments, environment, expected) in cases {
            let service = try Service(arguments, environment: environment)
            #expect(try largestUpload(service) == expected, "\(arguments) \(environment)")
            #expect(try service.end().code == 0)
        }
    }

    @Test("a wrong option is said with the place where it stands")
    func wrong() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let files = [
            (#"{ "workers": 100 }"#, "--workers must be 1 to 64"), (#"{ "worker": 1 }"#, "no option 'worker'"),
            ("workers: 2", "no JSON object"), ("[]", "no JSON object"), (#"{ "workers": {} }"#, "no JSON object"),
            (#"{ "workers": "x" }"#, "workers"), (#"{ "config": "x.json" }"#, "no option 'config'"),
            (#"{ "quota": -1 }"#, "--quota must be"), (#"{ "rate": null }"#, "no JSON object"),
        ]
        for (text, words) in files {
            try text.write(to: command.file("server.json"), atomically: true, encoding: .utf8)
            let refused = try command.run("serve", "--config", "server.json")
            #expect(refused.code == 64, "\(text)")
            #expect(
                refused.errorOutput.contains("server.json") && refused.errorOutput.contains(words),
                "\(text): \(refused.errorOutput)")
        }
        #expect(try command.run("serve", "--config", "none.json").code == 66)
        let environment = try command.run(["serve"], environment: ["SAKUGA_WORKERS": "many"])
        #expect(environment.code == 64 && environment.errorOutput.contains("environment"), "\(environment.errorOutput)")
    }

    @Test("whoever asks too often is told when to ask again, and nobody else is held up")
    func rate() throws {
        // One request, and the next after a quarter of an hour.
        let service = try Service(["--rate", "0.001"], environment: ["SAKUGA_TOKEN": "correct-horse-battery"])
        func token(_ name: String) throws -> String {
            try service.command.run("users", "add", name, "--data", "data").output.trimmingCharacters(in: .newlines)
        }
        let (mia, tom) = (try token("mia"), try token("tom"))
        #expect(try service.ask("/api/jobs", token: mia).code == 200)
        let refused = try service.ask("/api/jobs", token: mia, "-D", "-")
        #expect(refused.code == 429 && refused.body.contains("too many requests"), "\(refused)")
        #expect(refused.body.lowercased().contains("\r\nretry-after: "))
        #expect(try service.ask("/api/jobs", token: tom).code == 200)
        // Guessing tokens counts.
        #expect(try service.ask("/api/jobs", token: "guess").code == 401)
        #expect(try service.ask("/api/jobs", token: "another").code == 429)
        #expect(try service.end().code == 0)
    }
}
