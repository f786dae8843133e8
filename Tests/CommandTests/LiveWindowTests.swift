import Foundation
import Support
import Testing

/// The window of `sakuga live --preview`, on a screen that Xvfb makes, with keys that xdotool presses.
@Suite(
    "Live window",
    .enabled(if: Screen.isThere && Clip.hasFFmpeg, "needs Xvfb, xdotool and ffmpeg: scripts/deps.sh tests"),
    .onOwnThreads, .timeLimit(.minutes(30)))
struct LiveWindowTests {
    @Test("it shows the picture, and its keys do what they say")
    func keys() throws {
        let screen = try Screen()
        defer { screen.close() }
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let running = try command.start(
            [
                "live", "--input-format", "lavfi", "--input", "testsrc2=size=320x180:rate=20", "--preview",
                "--progress", "plain", "--duration", "300", "--no-adapt",
            ], environment: ["DISPLAY": screen.name])
        #expect(try screen.waitForWindow("Sakuga"))
        #expect(try screen.wait { Set(try screen.picture()).count > 50 }, "the window is empty")
        // It moves.
        let first = try screen.picture()
        #expect(try screen.wait { try screen.picture() != first })

        try screen.press("space")
        Thread.sleep(forTimeInterval: 0.5)
        let frozen = try screen.picture()
        Thread.sleep(forTimeInterval: 0.5)
        #expect(try screen.picture() == frozen, "space does not freeze")
        try screen.press("space")
        #expect(try screen.wait { try screen.picture() != frozen })

        try screen.press("s")
        #expect(running.waitForErrorOutput(timeout: 10) { $0.contains("note: saved 'sakuga-") })
        try screen.press("r")
        #expect(running.waitForErrorOutput(timeout: 10) { $0.contains("note: recording to 'sakuga-") })
        Thread.sleep(forTimeInterval: 1.5)
        try screen.press("r")
        #expect(running.waitForErrorOutput(timeout: 10) { $0.contains(".mkv'\n") && $0.contains("saved") })
        try screen.press("2")
        #expect(try screen.waitForWindow("Sakuga: "), "2 does not change the preset")
        try screen.press("q")
        let result = try running.wait(timeout: 20)
        #expect(result.code == 0, "\(result.errorOutput)")

        let names = try FileManager.default.contentsOfDirectory(atPath: command.home.path)
        let pictures = names.filter { $0.hasSuffix(".png") }
        #expect(pictures.count == 1)
        for name in pictures { #expect(try Probe(command.file(name)).streams.first?.width == 320) }
        let recordings = names.filter { $0.hasSuffix(".mkv") }
        #expect(recordings.count == 1)
        for name in recordings { #expect(try Probe(command.file(name)).packets?.isEmpty == false) }
    }

    @Test("closing the window ends the run, and what is recorded beside it is whole")
    func closing() throws {
        let screen = try Screen()
        defer { screen.close() }
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let running = try command.start(
            [
                "live", "--input-format", "lavfi", "--input", "testsrc2=size=320x180:rate=20", "--preview", "-o",
                "out.mkv", "--duration", "60",
            ], environment: ["DISPLAY": screen.name])
        #expect(try screen.waitForWindow("Sakuga"))
        Thread.sleep(forTimeInterval: 1.5)
        try screen.press("Escape")
        let result = try running.wait(timeout: 20)
        #expect(result.code == 0, "\(result.errorOutput)")
        #expect((try Probe(command.file("out.mkv")).packets?.count ?? 0) > 10)
    }
}

/// A screen that exists in memory only.
private final class Screen {
    static let isThere = ["Xvfb", "xdotool"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    let name: String
    private let process = Process()

    init() throws {
        // Xvfb chooses a free number and says which.
        let said = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec Xvfb -displayfd 1 -screen 0 640x480x24 -nolisten tcp 2>/dev/null"]
        process.standardOutput = said
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            let more = said.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Browser.Failure(description: "Xvfb does not start") }
            text += String(decoding: more, as: UTF8.self)
        }
        name = ":" + text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func close() {
        // Programs started by a thread of Dispatch inherit its blocked signals; this one cannot be blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let number = name.dropFirst()
        for file in ["/tmp/.X\(number)-lock", "/tmp/.X11-unix/X\(number)"] { unlink(file) }
    }

    private func tool(_ arguments: String...) throws -> String {
        try MediaTool.run("env", ["DISPLAY=\(name)", "xdotool"] + arguments)
    }

    func waitForWindow(_ title: String) throws -> Bool {
        try wait { (try? tool("search", "--name", title)).map { !$0.isEmpty } ?? false }
    }

    func wait(_ condition: () throws -> Bool) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if try condition() { return true }
            usleep(100_000)
        }
        return false
    }

    /// Presses a key with the window in front.
    func press(_ key: String) throws {
        let windows = try tool("search", "--name", "Sakuga").split(separator: "\n")
        guard let window = windows.last else { throw Browser.Failure(description: "there is no window") }
        _ = try tool("windowfocus", String(window), "key", key)
    }

    /// What the screen shows, reduced to 64×48 grey pixels.
    func picture() throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-\(UUID().uuidString).gray")
        defer { try? FileManager.default.removeItem(at: file) }
        try MediaTool.run(
            "ffmpeg",
            ["-v", "error", "-f", "x11grab", "-draw_mouse", "0", "-video_size", "640x480", "-i", name]
                + ["-frames:v", "1", "-vf", "scale=64:48", "-pix_fmt", "gray", "-f", "rawvideo", file.path])
        return Array(try Data(contentsOf: file))
    }
}
