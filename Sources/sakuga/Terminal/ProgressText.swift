import Foundation
import Pipeline

/// Puts progress into words and bars.
enum ProgressText {
    /// What is counted.
    enum Unit {
        case frames, pictures

        var singular: String { self == .frames ? "frame" : "picture" }
        var plural: String { singular + "s" }
        var rate: String { self == .frames ? "fps" : "pictures/s" }
    }

    /// Returns a line for logs: `frame 120 of 300, 31.2 fps, 1.04×, 0:06 left`.
    static func plain(_ progress: RenderProgress, _ unit: Unit = .frames, unicode: Bool = true) -> String {
        let name = unit.singular
        let count = progress.frames.map { "\(name) \(progress.frame) of \($0)" } ?? "\(name) \(progress.frame)"
        return ([count] + rates(progress, unit, unicode: unicode)).joined(separator: ", ")
    }

    /// Returns a line with a bar that fits into `width` columns; what is least needed is left out first.
    static func bar(_ progress: RenderProgress, _ unit: Unit = .frames, width: Int, unicode: Bool) -> String {
        let name = unit.plural
        let count = progress.frames.map { "\(progress.frame)/\($0) \(name)" } ?? "\(progress.frame) \(name)"
        var words = [count] + rates(progress, unit, unicode: unicode)
        // One column stays free: a character in the last one makes some terminals wrap.
        let columns = max(1, width - 1)
        while words.count > 1 && words.joined(separator: "  ").count > columns { words.removeLast() }
        let text = words.joined(separator: "  ")
        let shortestBar = 10
        guard let frames = progress.frames, frames > 0 else { return String(text.prefix(columns)) }
        let share = min(1, Double(progress.frame) / Double(frames))
        let percent = String(format: "%3d%%", Int(share * 100))
        // Brackets, and two spaces on each side of the percentage.
        let room = min(40, columns - text.count - percent.count - 6)
        guard room >= shortestBar else { return String(text.prefix(columns)) }
        let filled = Int(share * Double(room))
        let full = unicode ? "█" : "#"
        let empty = unicode ? "░" : "."
        let blocks = String(repeating: full, count: filled) + String(repeating: empty, count: room - filled)
        return "[\(blocks)]  \(percent)  \(text)"
    }

    /// Returns `0:06`, `12:34` or `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "?" }
        let whole = Int(max(0, seconds).rounded(.up))
        let (hours, minutes) = (whole / 3_600, whole / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
            : String(format: "%d:%02d", minutes, whole % 60)
    }

    private static func rates(_ progress: RenderProgress, _ unit: Unit, unicode: Bool) -> [String] {
        guard progress.fps > 0 else { return [] }
        var words = [String(format: "%.1f ", progress.fps) + unit.rate]
        // Only a film has a speed of its own.
        if unit == .frames { words.append(String(format: "%.2f", progress.speed) + (unicode ? "×" : "x")) }
        if let eta = progress.eta { words.append("\(clock(eta)) left") }
        return words
    }
}
