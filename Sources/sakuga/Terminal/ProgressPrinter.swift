import Dispatch
import Pipeline
import Synchronization

/// Shows how a rendering goes, on standard error: a bar, plain lines, JSON lines or nothing, with warnings in between.
///
///     let printer = ProgressPrinter(mode: options.progress)
///     printer.start(StartEvent(…)) { tracker.progress(timings: chain.timings) }
///     try chain.wait()
///     printer.done(DoneEvent(…))
///
/// Callable from any thread. Where a rendering fails, let the printer go, or call `clear`, and let the error reach
/// `ErrorPrinter`.
final class ProgressPrinter: Sendable {
    private enum Style { case bar, plain, json, none }

    private struct State {
        var progress: (@Sendable () -> RenderProgress)?
        var timer: (any DispatchSourceTimer)?
        var isBarShown = false
        var startTime = ContinuousClock.now
        var nextLine = ContinuousClock.now
    }

    private let style: Style
    private let unit: ProgressText.Unit
    private let screen: TerminalScreen
    private let queue = DispatchQueue(label: "sakuga.progress", qos: .utility)
    private let state = Mutex(State())

    init(mode: ProgressMode, unit: ProgressText.Unit = .frames, screen: TerminalScreen = .standardError) {
        self.unit = unit
        self.screen = screen
        style =
            switch mode {
            case .auto: screen.isTerminal ? .bar : .plain
            case .plain: .plain
            case .json: .json
            case .none: .none
            }
    }

    deinit {
        clear()
    }

    /// Announces a rendering and shows its progress, asked from `progress` now and then, until `done` or `clear`.
    func start(_ event: StartEvent, progress: @escaping @Sendable () -> RenderProgress) {
        switch style {
        case .bar, .plain:
            let (arrow, times) = screen.showsUnicode ? ("→", "×") : ("->", "x")
            let size = event.width.flatMap { width in event.height.map { "\(width)\(times)\($0), " } } ?? ""
            show("\(event.input) \(arrow) \(event.output) (\(size)\(event.preset))\n")
        case .json: show(JSONLine.text("start", event))
        case .none: return
        }
        // The bar moves ten times a second at most; lines pace themselves in `tick`.
        let interval = style == .bar ? 0.1 : 0.5
        state.withLock { state in
            state.timer?.cancel()
            state.progress = progress
            state.startTime = .now
            state.nextLine = .now + .seconds(2)
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now() + interval, repeating: interval)
            timer.setEventHandler { [weak self] in self?.tick() }
            timer.activate()
            state.timer = timer
        }
    }

    /// Prints a warning, whatever the mode.
    func warn(_ message: String) {
        show(style == .json ? JSONLine.text("warning", WarningEvent(message: message)) : "warning: \(message)\n")
    }

    /// Prints something worth knowing, where people read along.
    func note(_ message: String) {
        if style == .bar || style == .plain { show("\(message)\n") }
    }

    /// Ends the progress and says what came of it.
    func done(_ event: DoneEvent) {
        let last = finishWatching()
        switch style {
        case .bar, .plain:
            let frames = event.frames == 1 ? "1 \(unit.singular)" : "\(event.frames) \(unit.plural)"
            let rate = "\(Self.decimal(event.fps)) \(unit.rate)"
            show("\(event.output): \(frames) in \(Self.decimal(event.seconds)) s (\(rate))\n")
        case .json:
            // Whoever draws a bar from these lines gets it full.
            if let last { show(JSONLine.text("progress", last)) }
            show(JSONLine.text("done", event))
        case .none: break
        }
    }

    /// Ends the progress without a word, so that an error can be printed on a fresh line.
    func clear() {
        _ = finishWatching()
        show("")
    }

    private func tick() {
        // The lock is not held while asking: whoever counts frames has locks of its own.
        guard let progress = state.withLock({ $0.progress })?() else { return }
        state.withLock { state in
            guard state.progress != nil else { return }
            switch style {
            case .bar:
                let line = ProgressText.bar(progress, unit, width: screen.width(), unicode: screen.showsUnicode)
                screen.write("\r\(line)\u{1B}[K")
                state.isBarShown = true
            case .json: screen.write(JSONLine.text("progress", progress))
            case .plain:
                let now = ContinuousClock.now
                guard now >= state.nextLine else { return }
                // Every 2 s at first, later every minute: a long job must not fill its log.
                let pause = min(max((now - state.startTime) / 10, .seconds(2)), .seconds(60))
                state.nextLine = now + pause
                screen.write(ProgressText.plain(progress, unit, unicode: screen.showsUnicode) + "\n")
            case .none: break
            }
        }
    }

    /// Stops the timer and returns the last progress, nil where none was shown.
    private func finishWatching() -> RenderProgress? {
        let progress = state.withLock { state in
            state.timer?.cancel()
            state.timer = nil
            defer { state.progress = nil }
            return state.progress
        }
        return progress?()
    }

    /// Writes text in place of the bar; the next tick draws the bar anew below it.
    private func show(_ text: String) {
        state.withLock { state in
            let output = (state.isBarShown ? "\r\u{1B}[K" : "") + text
            state.isBarShown = false
            if !output.isEmpty { screen.write(output) }
        }
    }

    private static func decimal(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
