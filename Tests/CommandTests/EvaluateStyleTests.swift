import Foundation
import Testing

@Suite("evaluate-style", .onOwnThreads, .timeLimit(.minutes(30)))
struct EvaluateStyleTests {
    /// - Parameters:
    ///   - arguments: after `--photos` and `--art`, which are two empty folders.
    private func refusal(
        _ arguments: String..., code: Int32, error: String, hint: String?, environment: [String: String] = [:]
    ) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        for name in ["photos", "art"] {
            try FileManager.default.createDirectory(at: command.file(name), withIntermediateDirectories: true)
        }
        let result = try command.run(
            ["evaluate-style", "--photos", "photos", "--art", "art"] + arguments, environment: environment)
        #expect(result.code == code && result.output == "", "\(result.errorOutput)")
        let lines = result.errorOutput.split(separator: "\n").filter { !$0.hasPrefix("reading ") }.map(String.init)
        #expect(lines.count == (hint == nil ? 1 : 2), "\(result.errorOutput)")
        #expect(Refusal.matches(lines.first ?? "", "error: " + error), "\(result.errorOutput)")
        if let hint { #expect(Refusal.matches(lines.last ?? "", "hint: " + hint), "\(result.errorOutput)") }
    }

    @Test("missing weights are named, with how to get them", arguments: [["--vgg", "w.safetensors"], []])
    func weights(arguments: [String]) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(
            ["evaluate-style", "cel", "--photos", "p", "--art", "a"] + arguments,
            environment: arguments.isEmpty ? ["SAKUGA_VGG": "w.safetensors"] : [:])
        #expect(result.code == 69 && result.output == "")
        let lines = result.errorOutput.split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        #expect(Refusal.matches(lines[0], "error: the weights of VGG16 are not there: '…w.safetensors'"))
        #expect(Refusal.matches(lines[1], "hint: fetch them with 'make vgg'…"))
    }

    @Test("a file that holds no weights is refused by name")
    func brokenWeights() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        try Data("no weights".utf8).write(to: command.file("w.safetensors"))
        let result = try command.run("evaluate-style", "cel", "--photos", "p", "--art", "a", "--vgg", "w.safetensors")
        #expect(result.code == 65)
        #expect(Refusal.matches(result.errorOutput, "error: cannot read weights '…/w.safetensors': …\n"))
    }

    @Test("one generator is judged, no more and no less")
    func generators() throws {
        try refusal(
            code: 64, error: "give a preset, or a network with --model",
            hint: "see 'sakuga evaluate-style --help'")
        try refusal(
            "cel", "-m", "x.onnx", code: 64, error: "give a preset or --model, not both",
            hint: "see 'sakuga evaluate-style --help'")
        try refusal(
            "cel", "--side", "100", code: 64, error: "--side must be between 256 and 1280 pixels",
            hint: "see 'sakuga evaluate-style --help'")
    }
}
