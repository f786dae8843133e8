import Foundation
import Pipeline
import Synchronization
import Testing

@testable import sakuga

/// A terminal, or a file in place of one, that remembers what was written to it.
private final class RecordedScreen: Sendable {
    private let written = Mutex("")
    var text: String { written.withLock { $0 } }
    var lines: [String] { text.split(separator: "\n").map(String.init) }

    func screen(isTerminal: Bool, unicode: Bool = true, width: Int = 80) -> TerminalScreen {
        TerminalScreen(
            isTerminal: isTerminal, showsUnicode: unicode, width: { width },
            write: { text in self.written.withLock { $0 += text } })
    }

    /// Waits until `condition` holds for what was written.
    func wait(until condition: (String) -> Bool) async throws {
        while !condition(text) { try await Task.sleep(for: .milliseconds(10)) }
    }
}

private let halfway = RenderProgress(
    frame: 120, frames: 300, fps: 31.24, speed: 1.041, eta: 5.76,
    stages: [.init(name: "decode", milliseconds: 1.5), .init(name: "generate", milliseconds: 30)])
private let start = StartEvent(
    input: "in.mp4", output: "in.cel.mp4", preset: "cel", width: 640, height: 360, frames: 300)
private let done = DoneEvent(output: "in.cel.mp4", frames: 300, seconds: 9.62)

private func fields(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
}

@Suite("Progress on standard error", .timeLimit(.minutes(30)))
struct ProgressPrinterTests {
    @Test("a terminal gets a bar that is redrawn in place and gone at the end")
    func bar() async throws {
        let recorded = RecordedScreen()
        let printer = ProgressPrinter(mode: .auto, screen: recorded.screen(isTerminal: true))
        printer.start(start) { halfway }
        try await recorded.wait { $0.contains("120/300 frames") }
        printer.warn("the video is interlaced")
        printer.done(done)
        let text = recorded.text
        #expect(text.hasPrefix("in.mp4 → in.cel.mp4 (640×360, cel)\n\r["))
        #expect(text.contains("\r\u{1B}[Kwarning: the video is interlaced\n"))
        #expect(text.hasSuffix("in.cel.mp4: 300 frames in 9.6 s (31.2 fps)\n"))
        // After the warning the line is clean, unless a tick came in between: then it was cleaned again.
        let bars = text.components(separatedBy: "\u{1B}[K").dropLast()
        #expect(bars.allSatisfy { $0.contains("frames") || $0.hasSuffix("\r") })
    }

    @Test("where standard error is no terminal there are plain lines and no control characters")
    func plain() async throws {
        let recorded = RecordedScreen()
        let printer = ProgressPrinter(mode: .auto, screen: recorded.screen(isTerminal: false))
        printer.start(start) { halfway }
        try await recorded.wait { $0.contains("frame 120") }
        printer.done(done)
        let lines = recorded.lines
        #expect(lines.first == "in.mp4 → in.cel.mp4 (640×360, cel)")
        #expect(lines.last == "in.cel.mp4: 300 frames in 9.6 s (31.2 fps)")
        // One, or more where the machine is busy.
        let between = lines.dropFirst().dropLast()
        #expect(!between.isEmpty)
        #expect(between.allSatisfy { $0 == "frame 120 of 300, 31.2 fps, 1.04×, 0:06 left" })
        #expect(!recorded.text.contains("\r") && !recorded.text.contains("\u{1B}"))
    }

    @Test("JSON has one object a line with the documented fields")
    func json() async throws {
        let recorded = RecordedScreen()
        let printer = ProgressPrinter(mode: .json, screen: recorded.screen(isTerminal: true))
        printer.start(start) { halfway }
        try await recorded.wait { $0.contains("progress") }
        printer.warn("a \"quoted\" name\nand a second line")
        printer.note("not for programs")
        printer.done(done)
        let objects = try recorded.lines.map(fields)
        let events = objects.compactMap { $0["event"] as? String }
        #expect(events.first == "start" && events.last == "done" && events.contains("warning"))
        #expect(recorded.lines.allSatisfy { $0.hasPrefix("{\"event\":\"") })
        let progress = try #require(objects.first { $0["event"] as? String == "progress" })
        #expect(Set(progress.keys) == ["event", "frame", "frames", "fps", "speed", "eta_s", "stage_ms"])
        #expect(progress["frame"] as? Int == 120 && progress["frames"] as? Int == 300)
        #expect(progress["fps"] as? Double == 31.2 && progress["eta_s"] as? Double == 5.8)
        #expect(progress["stage_ms"] as? [String: Double] == ["decode": 1.5, "generate": 30])
        let warning = try #require(objects.first { $0["event"] as? String == "warning" })
        #expect(warning["message"] as? String == "a \"quoted\" name\nand a second line")
        let last = try #require(objects.last)
        #expect(last["frames"] as? Int == 300 && last["output"] as? String == "in.cel.mp4")
    }

    @Test("--progress none leaves only warnings")
    func none() {
        let recorded = RecordedScreen()
        let printer = ProgressPrinter(mode: .none, screen: recorded.screen(isTerminal: true))
        printer.start(start) { halfway }
        printer.note("nothing to see")
        printer.warn("the input is damaged")
        printer.done(done)
        #expect(recorded.text == "warning: the input is damaged\n")
    }

    @Test("a printer that is let go leaves a clean line for the error")
    func letGo() async throws {
        let recorded = RecordedScreen()
        do {
            let printer = ProgressPrinter(mode: .auto, screen: recorded.screen(isTerminal: true))
            printer.start(start) { halfway }
            try await recorded.wait { $0.contains("120/300") }
        }
        try await recorded.wait { $0.hasSuffix("\r\u{1B}[K") }
        let length = recorded.text.count
        try await Task.sleep(for: .milliseconds(250))
        #expect(recorded.text.count == length)
    }
}

@Suite("Progress in words")
struct ProgressTextTests {
    @Test("a bar fits every width and drops what is least needed", arguments: 1...200)
    func width(columns: Int) {
        for unicode in [true, false] {
            let line = ProgressText.bar(halfway, width: columns, unicode: unicode)
            #expect(line.count < max(2, columns))
            #expect(unicode || line.allSatisfy(\.isASCII))
            if columns > 20 { #expect(line.contains("120/300 frames")) }
            if columns >= 80 { #expect(line.contains("]   40%  ") && line.contains("0:06 left")) }
        }
    }

    @Test("without a known total there is a count and a rate")
    func unknownTotal() {
        let progress = RenderProgress(frame: 7, frames: nil, fps: 3, speed: 0.1, eta: nil, stages: [])
        #expect(ProgressText.bar(progress, width: 80, unicode: true) == "7 frames  3.0 fps  0.10×")
        #expect(ProgressText.plain(progress, unicode: false) == "frame 7, 3.0 fps, 0.10x")
    }

    @Test(
        "times are read like a clock",
        arguments: [
            (0.0, "0:00"), (5.76, "0:06"), (59.2, "1:00"), (754, "12:34"), (3_723, "1:02:03"), (.infinity, "?"),
        ])
    func clock(seconds: Double, expected: String) {
        #expect(ProgressText.clock(seconds) == expected)
    }

    @Test("the table says for each stage where its time went")
    func table() {
        var generate = StageTiming(name: "generate", workers: 2)
        generate.items = 10
        generate.busy = .milliseconds(800)
        generate.processor = .milliseconds(5)
        generate.starved = .milliseconds(200)
        let timings = StageTimings(stages: [generate], wall: .milliseconds(500), processor: .milliseconds(900))
        let lines = TimingsTable.text(timings).split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(lines[1] == "generate ×2 10 80.00 0.50 80% 20% 0%")
        #expect(lines[2].hasPrefix("0.50 s in all, 0.90 s of processor time: 1.80 of"))
    }
}
