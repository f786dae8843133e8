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
            "\(report.photos) photographs and \(report.art) pictures of art of \(report.side) pixels, "
                + "\(report.patches) patches of each")
        row("style KID", distance(report.kernelDistance))
        row("Gram distance", distance(report.gramDistance))
        let content = report.contentSimilarity
        row("content similarity", number(content.mean, 3) + "  (least \(number(content.least, 3)))")
        let edges = report.edges
        func compared(_ name: String, _ figure: (StyleReport.Edges.Figures) -> String) {
            row(
                name,
                "drawings \(figure(edges.drawings))   photographs \(figure(edges.photos))   art \(figure(edges.art))")
        }
        compared("flat pixels") { number($0.flatness * 100, 1) + " %" }
        compared("mean gradient") { number($0.meanGradient, 2) }
        compared("strong edges") { number($0.strongEdges * 100, 2) + " %" }
        compared("edge concentration") { number($0.concentration, 3) }
        compared("edge sharpness") { $0.sharpness.map { number($0, 3) } ?? "–" }
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
                + "noise of \(number(moved.noise, 1)) levels alone \(number(moved.noiseError, 4))")
        let cost = report.cost
        row(
            "cost at \(cost.width)×\(cost.height)",
            (cost.gigaMACs.map { number($0, 2) + " GMAC   " } ?? "")
                + (cost.parameters.map { "\($0) parameters   " } ?? "")
                + number(cost.millisecondsPerFrame, 1) + " ms per frame")
        return lines
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
