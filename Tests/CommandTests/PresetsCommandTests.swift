import Foundation
import Testing

@Suite("sakuga presets and export", .timeLimit(.minutes(30)))
struct PresetsCommandTests {
    /// The preset that comes with the sources.
    private static let cel = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("presets/cel")
    private static var hasCel: Bool { FileManager.default.fileExists(atPath: cel.path + "/preset.json") }

    @Test("a preset is added, shown, exported and removed", .enabled(if: hasCel, "presets/cel is not there"))
    func lifeOfAPreset() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let ink = try renamedCopy(of: Self.cel, name: "ink", in: command.home)

        let added = try command.run("presets", "add", ink.path)
        #expect(added.code == 0, "\(added.errorOutput)")
        let again = try command.run("presets", "add", ink.path)
        #expect(again.code == 73 && again.errorOutput.hasSuffix("exists\nhint: give --overwrite to replace it\n"))
        #expect(try command.run("presets", "add", ink.path, "--overwrite").code == 0)

        let list = try command.run("presets", "--json")
        let presets = try #require(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
        let found = try #require(presets.first { $0["name"] as? String == "ink" })
        #expect((found["folder"] as? String)?.hasSuffix(".local/share/sakuga/presets/ink") == true)
        let sizes = try #require(found["sizes"] as? [[String: Any]])
        #expect(sizes.first?["parameters"] as? Int == 258_259)
        #expect(try command.run("presets", "ink").output.contains("258259 parameters"))

        let exported = try command.run("export", "ink", "-o", "ink.onnx")
        #expect(exported.code == 0 && exported.output.isEmpty && exported.errorOutput.isEmpty)
        let file = try Data(contentsOf: command.home.appendingPathComponent("ink.onnx"))
        #expect(file.count > 400_000)
        #expect(try command.run("export", "ink", "-o", "ink.onnx").code == 73)
        #expect(try command.run("export", "ink", "-o", "ink.onnx", "--seed", "3", "--overwrite").code == 0)
        #expect(try Data(contentsOf: command.home.appendingPathComponent("ink.onnx")) != file)

        #expect(try command.run("presets", "remove", "ink").code == 0)
        let gone = try command.run("presets", "ink")
        #expect(gone.code == 64 && gone.errorOutput.hasPrefix("error: there is no preset 'ink'\n"))
    }

    @Test("a broken preset is listed with what is wrong and cannot be added")
    func brokenPreset() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let folder = command.home.appendingPathComponent(".local/share/sakuga/presets/torn")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("{".utf8).write(to: folder.appendingPathComponent("preset.json"))
        let list = try command.run("presets")
        #expect(list.code == 0)
        #expect(list.output.contains("torn") && list.output.contains("broken: cannot read preset"))
        let added = try command.run("presets", "add", folder.path)
        #expect(added.code == 65 && added.errorOutput.hasPrefix("error: cannot read preset"))
    }

    @Test(
        "export refuses what it cannot write",
        .enabled(if: hasCel, "presets/cel is not there"),
        arguments: [
            (["-o", "none/x.onnx"], 73, "error: cannot create 'none/x.onnx': there is no folder"),
            (["-o", "/dev/null"], 73, "error: cannot create '/dev/null': it is not a plain file"),
            (["-o", "x.onnx", "--size", "642x362"], 64, "error: cannot export for pictures of 642×362 pixels, sides"),
            (
                ["-o", "x.onnx", "--size", "8x8"], 64,
                "error: cannot export for pictures of 8×8 pixels, sides must be 16"
            ),
        ])
    func refusals(arguments: [String], code: Int32, beginning: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(["export", Self.cel.path] + arguments)
        #expect(result.code == code)
        #expect(result.errorOutput.hasPrefix(beginning))
    }

    private func renamedCopy(of folder: URL, name: String, in home: URL) throws -> URL {
        let copy = home.appendingPathComponent("copy-of-\(name)")
        try FileManager.default.copyItem(at: folder, to: copy)
        let file = copy.appendingPathComponent("preset.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacingOccurrences(of: #""name": "cel""#, with: #""name": "\#(name)""#)
            .write(to: file, atomically: true, encoding: .utf8)
        return copy
    }
}
