import Dispatch
import Foundation
import Frames
import Live
import Media
import Synchronization

/// Runs a live request, shows how it goes, and ends it cleanly on Ctrl-C.
final class LiveSession {
    private let screen = TerminalScreen.standardError
    private let progress: ProgressMode
    private let printsFigures: Bool
    private let current = Mutex<LiveJob?>(nil)

    init(progress: ProgressMode, verbose: Bool, printsFigures: Bool) {
        (self.progress, self.printsFigures) = (progress, printsFigures)
        if verbose { FFmpegLog.install { TerminalScreen.standardError.write("ffmpeg: \($0)\n") } }
    }

    func run(_ request: LiveRequest) throws {
        let job = try LiveJob(request)
        let line = StatusLine(job, mode: progress, screen: screen)
        for note in job.notes { line.say("warning: \(note)") }
        let interrupt = Interrupt {
            job.stop()
        } cleaning: {
            job.abandon()
        }
        let outputs = request.destinations.map(\.name).joined(separator: ", ")
        let rate = (job.frameRate * 100).rounded() / 100
        line.say("\(request.input) -> \(outputs) (\(job.width)x\(job.height), \(rate) frames/s)")
        line.begin()
        defer { line.end() }
        let summary = try job.run { event in
            switch event {
            case .note(let text): line.say("note: \(text)")
            case .warning(let text): line.say("warning: \(text)")
            }
        }
        line.end()
        if progress != .none { line.say(StatusLine.text(summary.figures)) }
        if printsFigures { print(try JSONResult.text(summary.figures)) }
        // Ctrl-C is how a live run ends: no failure.
        withExtendedLifetime(interrupt) {}
    }
}

/// The line that tells how a live run goes: on a terminal always the same one, elsewhere one every ten seconds.
private final class StatusLine: Sendable {
    private struct State {
        var timer: (any DispatchSourceTimer)?
        var isShown = false
    }

    private let job: LiveJob
    private let screen: TerminalScreen
    private let isTerminal: Bool
    private let isQuiet: Bool
    private let state = Mutex(State())

    init(_ job: LiveJob, mode: ProgressMode, screen: TerminalScreen) {
        (self.job, self.screen) = (job, screen)
        isTerminal = mode == .auto && screen.isTerminal
        isQuiet = mode == .none
    }

    func begin() {
        guard !isQuiet else { return }
        let interval = isTerminal ? 0.5 : 10
        state.withLock { state in
            let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
            timer.schedule(deadline: .now() + interval, repeating: interval)
            timer.setEventHandler { [weak self] in self?.tick() }
            timer.activate()
            state.timer = timer
        }
    }

    func end() {
        state.withLock { state in
            state.timer?.cancel()
            state.timer = nil
            if state.isShown { screen.write("\r\u{1B}[K") }
            state.isShown = false
        }
    }

    func say(_ text: String) {
        state.withLock { state in
            screen.write((state.isShown ? "\r\u{1B}[K" : "") + text + "\n")
            state.isShown = false
        }
    }

    private func tick() {
        let text = Self.text(job.statistics.figures)
        state.withLock { state in
            guard state.timer != nil else { return }
            screen.write(isTerminal ? "\r\(text.prefix(max(1, screen.width() - 1)))\u{1B}[K" : text + "\n")
            state.isShown = isTerminal
        }
    }

    static func text(_ figures: LiveStatistics.Figures) -> String {
        func number(_ value: Double?) -> String { value.map { String(format: "%.0f", $0) } ?? "-" }
        let rate = figures.seconds > 0 ? Double(figures.delivered) / figures.seconds : 0
        return "in \(figures.captured)  out \(figures.delivered)  dropped \(figures.dropped)  "
            + String(format: "%.1f frames/s  ", rate)
            + "generator \(number(figures.generatorMilliseconds)) ms  "
            + "delay \(number(figures.delayMilliseconds.median)) ms (p95 \(number(figures.delayMilliseconds.p95)))  "
            + "\(figures.width)x\(figures.height)"
    }
}
