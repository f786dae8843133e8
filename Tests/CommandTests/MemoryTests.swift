import Foundation
import Testing

/// What is measured here is the debug build, as `swift test` makes it; `make soak` does the same with the release build and
/// 10 s against 120 s. They differ by about 1 %: pictures and the generator are the memory, not Swift's code.
///
/// Within one run, since two runs differ by up to 2 % by chance: a film of 6 s, its peak (VmHWM in proc(5)) after 2 s
/// against that at the end. Not wait4(2): the peak that it tells may be that of the test program, from which this one is
/// begun.
@Suite(
    "Memory",
    .enabled(
        if: Clip.hasFFmpeg && FileManager.default.fileExists(atPath: "/proc/self/status"),
        "ffmpeg makes the film, proc(5) tells the memory"),
    .onOwnThreads, .timeLimit(.minutes(30)))
struct MemoryTests {
    /// 450 MB in KiB.
    private static let limit = 450_000_000 / 1024

    @Test("the peak of memory does not grow along a film, and is 450 MB at most in bf16 on two streams")
    func peak() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        // Compiling takes more memory than drawing: from here on the network comes from the cache.
        let first = try command.run(
            ["stylize", Clip.large.url.path, "-o", "first.mp4", "--frames", "1"], timeout: 120)
        #expect(first.code == 0, "\(first.errorOutput)")

        let running = try command.start(["stylize", Clip.large.url.path, "-o", "out.mp4", "--progress", "json"])
        var (early, last) = (0, 0)
        while let now = peak(of: running.processID) {
            last = max(last, now)
            if early == 0, frame(in: running.errorOutput) >= 60 { early = now }
            usleep(20_000)
        }
        let result = try running.wait(timeout: 120)
        #expect(result.code == 0 && frame(in: result.errorOutput) == 180, "\(result.errorOutput)")
        try #require(early > 0)
        #expect(Double(last) <= 1.03 * Double(early), "\(early) KiB after 2 s, \(last) KiB at the end")
        // What was promised and measured; other precisions and more streams take more.
        let doctor = try command.run("doctor").output
        if doctor.contains(" in bf16, 2 frames side by side") || doctor.contains(" in bf16, one frame at a time") {
            #expect(last <= Self.limit, "\(last) KiB")
        }
    }

    /// The most memory that a program has held so far, in KiB; nil when it has ended.
    private func peak(of processID: Int32) -> Int? {
        let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    /// The number of frames that the last line of progress names.
    private func frame(in output: String) -> Int {
        struct Event: Decodable { var frame: Int? }
        let events = output.split(separator: "\n").suffix(3).reversed()
        return events.lazy.compactMap { try? JSONDecoder().decode(Event.self, from: Data($0.utf8)).frame }.first ?? 0
    }
}
