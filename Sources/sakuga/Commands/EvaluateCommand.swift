import ArgumentParser
import Foundation
import Frames
import Media
import Stylize
import Temporal

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measures how stable and how sharp a drawn video is.",
        discussion: """
            The warping error (Lai et al., ECCV 2018) is the mean squared difference between each frame and the one before \
            it, moved along the ORIGINAL's motion, where nothing is hidden; colours count from 0 to 1. Blur lowers it too: \
            read it beside the sharpness and, with --unsmoothed, the PSNR. Calm is where the original changes by less than \
            0.001 along that same motion, unmoved where it does so in place. Compression hides much of the \
            difference: encode what you compare with --encoder ffv1.

            EXAMPLES
              sakuga stylize a.mp4 -o off.mkv --smoothing off && sakuga stylize a.mp4 -o strong.mkv --smoothing strong
              sakuga evaluate a.mp4 strong.mkv --unsmoothed off.mkv
            """)

    @Argument(help: "The video that was drawn.")
    var original: String

    @Argument(help: "The drawing of it.")
    var stylized: String

    @Option(help: "The same drawing made with --smoothing off, to compare with.")
    var unsmoothed: String?

    @Option(help: "Look at this many frames at most.")
    var frames: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let evaluation = try Evaluation(original: original, stylized: stylized, unsmoothed: unsmoothed, frames: frames)
        let result = try evaluation.run()
        if json {
            print(try JSONResult.text(result))
            return
        }
        EvaluationText.lines(result).forEach { print($0) }
    }
}

private enum EvaluationText {
    static func lines(_ result: Evaluation.Result) -> [String] {
        let report = result.stability
        var lines = [
            "frames            original \(result.originalFrames), stylized \(result.stylizedFrames), compared \(report.frames), cuts \(report.cuts)"
        ]
        func error(_ name: String, _ value: Double?, _ before: Double?) {
            guard let value else { return }
            var line = name + String(format: "%10.3f e-4", value * 1e4)
            if let before, before > 0 {
                line += String(format: "   unsmoothed %.3f e-4   %+.1f %%", before * 1e4, (value / before - 1) * 100)
            }
            lines.append(line)
        }
        error("warping error     ", report.warpingError, report.unsmoothedWarpingError)
        error("  judged by DIS   ", report.warpingErrorDIS, report.unsmoothedWarpingErrorDIS)
        error("  where calm      ", report.calmWarpingError, report.unsmoothedCalmWarpingError)
        error("  where unmoved   ", report.unmovedWarpingError, report.unsmoothedUnmovedWarpingError)
        error("change if unmoved ", report.unmovedChange, report.unsmoothedUnmovedChange)
        lines.append(
            "sharpness         " + String(format: "%10.4f", report.sharpness)
                + (report.sharpnessRatio.map { String(format: "       %.1f %% of the unsmoothed drawing", $0 * 100) }
                    ?? ""))
        if let psnr = report.psnr {
            lines.append("PSNR              " + String(format: "%10.2f dB to the unsmoothed drawing", psnr))
        }
        return lines
    }
}
