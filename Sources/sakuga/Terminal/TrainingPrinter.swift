import Foundation
import Frames
import Synchronization
import Training

/// Shows how a training goes, on standard error: one line redrawn in place, plain lines, JSON lines or nothing.
final class TrainingPrinter {
    private let mode: ProgressMode
    private let screen: TerminalScreen
    private var nextLine = ContinuousClock.now
    private var isLineShown = false

    init(mode: ProgressMode, screen: TerminalScreen = .standardError) {
        (self.mode, self.screen) = (mode, screen)
    }

    func note(_ message: String) {
        clear()
        if mode != .json, mode != .none { screen.write(message + "\n") }
    }

    func warn(_ message: String) {
        clear()
        screen.write("warning: \(message)\n")
    }

    func show(_ progress: TrainingRun.Progress) {
        let isBar = mode == .auto && screen.isTerminal
        guard mode != .none, isBar || ContinuousClock.now >= nextLine else { return }
        nextLine = .now + (isBar ? .milliseconds(200) : .seconds(15))
        if mode == .json {
            screen.write(JSONLine.text("progress", TrainingEvent(progress)))
        } else if isBar {
            let line = Self.line(progress, width: 12)
            screen.write("\r\(line.prefix(max(20, screen.width() - 1)))\u{1B}[K")
            isLineShown = true
        } else {
            screen.write(Self.line(progress, width: 0) + "\n")
        }
    }

    func clear() {
        if isLineShown { screen.write("\n") }
        isLineShown = false
    }

    private static func line(_ progress: TrainingRun.Progress, width: Int) -> String {
        let share = Double(progress.step) / Double(max(1, progress.steps))
        let full = Int(share * Double(width))
        let bar =
            width > 0
            ? "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "] " : ""
        let seconds = Int(progress.secondsLeft)
        let left = String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
        let losses = progress.losses.sorted { $0.key < $1.key }
            .map { "\($0.key) " + String(format: "%.4g", $0.value) }.joined(separator: ", ")
        return "\(bar)step \(progress.step) of \(progress.steps), "
            + String(format: "%.1f images/s", progress.imagesPerSecond) + ", \(left) left; \(losses)"
    }
}

private struct TrainingEvent: Encodable {
    private let step: Int
    private let steps: Int
    private let imagesPerSecond: Double
    private let secondsLeft: Double
    private let losses: [String: Double]

    private enum CodingKeys: String, CodingKey {
        case step, steps, losses
        case imagesPerSecond = "images_per_second"
        case secondsLeft = "eta_s"
    }

    init(_ progress: TrainingRun.Progress) {
        (step, steps, losses) = (progress.step, progress.steps, progress.losses)
        (imagesPerSecond, secondsLeft) = (progress.imagesPerSecond, progress.secondsLeft)
    }
}
