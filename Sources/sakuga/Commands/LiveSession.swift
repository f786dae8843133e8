import Dispatch
import Foundation
import Frames
import Live
import Media
import Model
import Synchronization
import Web

/// Runs a live request, shows how it goes, and ends it cleanly on Ctrl-C.
final class LiveSession: Sendable {
    private let screen = TerminalScreen.standardError
    private let progress: ProgressMode
    private let printsFigures: Bool

    init(progress: ProgressMode, verbose: Bool, printsFigures: Bool) {
        (self.progress, self.printsFigures) = (progress, printsFigures)
        if verbose { FFmpegLog.install { TerminalScreen.standardError.write("ffmpeg: \($0)\n") } }
    }

    func run(_ request: LiveRequest, showsWindow: Bool, page address: ListenAddress?) throws {
        let (newest, broadcast) = (NewestPicture(), PictureBroadcast())
        var viewers: [LiveJob.Viewer] = []
        if showsWindow { viewers.append(.init("window") { newest.put($0) }) }
        if address != nil { viewers.append(.init("page") { broadcast.show($0) }) }
        let job = try LiveJob(request, viewers: viewers)
        let page = try abandoning(job) { try address.map { try LivePage(job, broadcast, at: $0) } }
        let window = showsWindow ? try openWindow(job) : nil
        let line = StatusLine(job, mode: progress, screen: screen)
        for note in job.notes { line.say("warning: \(note)") }
        let interrupt = Interrupt {
            job.stop()
        } cleaning: {
            job.abandon()
        }
        let outputs = viewers.map(\.name) + request.destinations.map(\.name)
        let rate = (job.frameRate * 100).rounded() / 100
        line.say(
            "\(request.input) -> \(outputs.joined(separator: ", ")) (\(job.width)x\(job.height), \(rate) frames/s)")
        if let page { line.say("open \(page.link)") }
        line.begin()
        defer {
            line.end()
            page?.stop()
        }
        let outcome = Outcome()
        let tell: @Sendable (LiveJob.Event) -> Void = { event in
            switch event {
            case .note(let text): line.say("note: \(text)")
            case .warning(let text): line.say("warning: \(text)")
            }
        }
        Thread.detachNewThread { outcome.set(Result { try job.run(event: tell) }) }
        // SDL wants the main thread, which is this one.
        if let window { MainActor.assumeIsolated { watch(window, job, newest, outcome, line) } }
        let ended = Result { try outcome.wait() }
        line.end()
        // Also of a run of which an output failed.
        let figures = job.statistics.figures
        if progress != .none { line.say(StatusLine.text(figures)) }
        if printsFigures { print(try JSONResult.text(figures)) }
        _ = try ended.get()
        // Ctrl-C is how a live run ends: no failure.
        withExtendedLifetime(interrupt) {}
    }

    private func openWindow(_ job: LiveJob) throws -> PreviewWindow {
        try abandoning(job) {
            try MainActor.assumeIsolated {
                try PreviewWindow(title: "Sakuga", width: job.width, height: job.height)
            }
        }
    }

    /// Leaves nothing at the destinations where `body` fails.
    private func abandoning<Result>(_ job: LiveJob, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            job.abandon()
            throw error
        }
    }

    /// Shows the newest picture and does what keys say, until the run has ended.
    @MainActor
    private func watch(
        _ window: PreviewWindow, _ job: LiveJob, _ newest: NewestPicture, _ outcome: Outcome, _ line: StatusLine
    ) {
        let presets = PresetLibrary().names()
        var isFrozen = false
        var shown: PixelBuffer?
        while !outcome.isThere {
            for event in window.events() {
                switch event {
                case .closed, .key("q"), .key("\u{1B}"): job.stop()
                case .key(" "): isFrozen.toggle()
                case .key("f"): window.toggleFullScreen()
                case .key("o"): job.look.view = job.look.view.next
                case .key("+"), .key("="): job.look.strength = min(1, job.look.strength + 0.1)
                case .key("-"): job.look.strength = max(0, job.look.strength - 0.1)
                case .key("s"): if let shown { save(shown, line) }
                case .key("r"): toggleRecording(job, line)
                case .key(let key):
                    guard let number = key.wholeNumberValue, (1...9).contains(number), number <= presets.count else {
                        continue
                    }
                    warning(line) {
                        try job.change(toPreset: presets[number - 1])
                        window.setTitle("Sakuga: \(presets[number - 1])")
                    }
                }
            }
            if !isFrozen, let picture = newest.take() {
                window.show(picture)
                shown = picture
            } else {
                usleep(3000)
            }
        }
        window.close()
    }

    private func toggleRecording(_ job: LiveJob, _ line: StatusLine) {
        guard job.recording == nil else { return job.stopRecording() }
        warning(line) { try job.startRecording(to: FileName.now(extension: "mkv")) }
    }

    private func save(_ picture: PixelBuffer, _ line: StatusLine) {
        let name = FileName.now(extension: "png")
        warning(line) {
            try PictureFile.write(picture, to: URL(fileURLWithPath: name))
            line.say("note: saved '\(name)'")
        }
    }

    private func warning(_ line: StatusLine, _ body: () throws -> Void) {
        do { try body() } catch { line.say("warning: \((error as? SakugaError)?.message ?? "\(error)")") }
    }
}

/// The newest picture for the window.
private final class NewestPicture: Sendable {
    private let picture = Mutex<PixelBuffer?>(nil)

    func put(_ newest: PixelBuffer) { picture.withLock { $0 = newest } }

    func take() -> PixelBuffer? {
        picture.withLock { picture in
            defer { picture = nil }
            return picture
        }
    }
}

/// How a run on another thread ended.
private final class Outcome: Sendable {
    private let result = Mutex<Result<LiveJob.Summary, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    var isThere: Bool { result.withLock { $0 != nil } }

    func set(_ outcome: Result<LiveJob.Summary, any Error>) {
        result.withLock { $0 = outcome }
        ended.signal()
    }

    func wait() throws -> LiveJob.Summary {
        ended.wait()
        return try result.withLock { $0! }.get()
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
