import Foundation
import StyleMetrics
import Stylize

/// The table of `sakuga evaluate-style`.
enum StyleText {
    static func lines(_ report: StyleReport) -> [String] {
        var lines: [String] = []
        func row(_ name: String, _ text: String) {
            lines.append(name + String(repeating: " ", count: max(1, 22 - name.count)) + text)
        }
        row("generator", "\(report.generator), \(report.precision)")
        row(
            "judged on",
            "\(report.photos) photographs of \(report.side) pixels, \(report.patches) patches")
        for style in report.styles {
            let count = "\(style.pictures) pictures, \(style.patches) patches"
            row("beside art", "\(style.art) (\(count))")
            row("  style KID", distance(style.kernelDistance))
            row("  Gram distance", distance(style.gramDistance))
        }
        let content = report.contentSimilarity
        row("content similarity", number(content.mean, 3) + "  (least \(number(content.least, 3)))")
        row("edges", "flat %  mean gradient  strong %  concentration  sharpness")
        row("  drawings", edges(report.edges.drawings))
        row("  photographs", edges(report.edges.photos))
        for style in report.styles {
            row("  art", edges(style.edges) + (report.styles.count > 1 ? "  \(style.art)" : ""))
        }
        if let diversity = report.diversity {
            row(
                "diversity over seeds",
                "RMS \(number(diversity.rms, 4))   VGG \(number(diversity.perceptual, 4))   "
                    + "(\(diversity.seeds) seeds, \(diversity.photos) photographs)")
        }
        let moved = report.equivariance
        row(
            "equivariance error",
            "\(number(moved.error, 4))   motion alone \(number(moved.motionError, 4))   "
                + "noise of \(number(moved.noise, 1)) levels alone \(number(moved.noiseError, 4))   "
                + "whole pixels alone \(number(moved.shiftError, 4))")
        let cost = report.cost
        row(
            "cost at \(cost.width)×\(cost.height)",
            (cost.gigaMACs.map { number($0, 2) + " GMAC   " } ?? "")
                + (cost.parameters.map { "\($0) parameters   " } ?? "")
                + number(cost.millisecondsPerFrame, 1) + " ms per frame")
        return lines
    }

    private static func edges(_ figures: StyleReport.Edges.Figures) -> String {
        [
            (number(figures.flatness * 100, 1), 6), (number(figures.meanGradient, 2), 15),
            (number(figures.strongEdges * 100, 2), 10), (number(figures.concentration, 3), 15),
            (figures.sharpness.map { number($0, 3) } ?? "–", 11),
        ].map { text, width in String(repeating: " ", count: max(0, width - text.count)) + text }.joined()
    }

    private static func distance(_ distance: StyleReport.Distance) -> String {
        "drawings \(figure(distance.drawings))   photographs \(figure(distance.photos))   ratio "
            + (distance.ratio.map(figure) ?? "–")
    }

    private static func figure(_ figure: StyleReport.Distance.Figure) -> String {
        number(figure.value, 3) + (figure.error.map { " ± " + number($0, 3) } ?? "")
    }

    private static func number(_ value: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", value)
    }
}
