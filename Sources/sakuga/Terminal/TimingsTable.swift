import Foundation
import Pipeline

/// Shows where the time of a run went, stage by stage: what `--verbose` prints at the end.
enum TimingsTable {
    /// Returns one line per stage and one for the whole, without a final line feed.
    ///
    /// `busy` and `cpu` are milliseconds for one frame, as wall time inside the stage and as processor time of its own
    /// threads; the rest are shares of the stage's time.
    static func text(_ timings: StageTimings) -> String {
        var lines = [row(["stage", "frames", "busy ms", "cpu ms", "working", "no input", "no room"])]
        for stage in timings.stages {
            let whole = timings.wall * stage.workers
            lines.append(
                row([
                    stage.workers > 1 ? "\(stage.name) ×\(stage.workers)" : stage.name,
                    "\(stage.items)",
                    String(format: "%.2f", stage.millisecondsPerItem),
                    String(format: "%.2f", stage.processorMillisecondsPerItem),
                    percent(stage.busy, of: whole),
                    percent(stage.starved, of: whole),
                    percent(stage.blocked, of: whole),
                ]))
        }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        lines.append(
            String(
                format: "%.2f s in all, %.2f s of processor time: %.2f of %d cores busy", timings.wall.seconds,
                timings.processor.seconds, timings.coresBusy, cores))
        return lines.joined(separator: "\n")
    }

    private static func percent(_ part: Duration, of whole: Duration) -> String {
        whole > .zero ? String(format: "%.0f%%", part / whole * 100) : "-"
    }

    private static func row(_ cells: [String]) -> String {
        let name = cells[0].padding(toLength: max(14, cells[0].count), withPad: " ", startingAt: 0)
        let rest = cells.dropFirst().map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }
        return name + rest.joined()
    }
}
