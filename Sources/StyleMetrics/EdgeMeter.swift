internal import CPixels
package import Frames

/// Measures how flat pictures are and what edges they have, on their BT.709 luma in levels. A gradient is √(dx² + dy²)
/// with forward differences.
package struct EdgeMeter {
    /// Over all pixels of all pictures.
    package struct Figures: Codable, Sendable, Equatable {
        /// Share of pixels with a gradient below `flatBelow`: calm areas.
        package var flatness: Double
        /// Mean gradient, levels per pixel.
        package var meanGradient: Double
        /// Share of pixels with a gradient of `strongFrom` or more: edges.
        package var strongEdges: Double
        /// Share of the sum of all gradients that the steepest tenth of the pixels carries: 0.1 where every place is as
        /// steep as any, 1 where all change is in edges.
        package var concentration: Double
        /// Mean, over 5×5 squares that span `contrast` levels or more, of their largest step from pixel to pixel over
        /// that span: 1 for a hard edge, ¼ for a slope. Nil where there is no such square.
        package var sharpness: Double?
    }

    /// In levels per pixel.
    package static let flatBelow = 3
    package static let strongFrom = 30
    /// In levels.
    package static let contrast = 48

    private var counts = [UInt64](repeating: 0, count: Int(pixels_gradient_bins))
    private var sharpnessSum = 0.0
    private var sharpnessCount: UInt64 = 0

    package init() {}

    package mutating func add(_ picture: PixelBuffer) {
        let (width, height) = (Int32(picture.width), Int32(picture.height))
        var luma = [UInt8](repeating: 0, count: picture.width * picture.height)
        pixels_luma(picture.picture, width, height, &luma)
        pixels_count_gradients(luma, width, height, &counts)
        pixels_edge_sharpness(luma, width, height, Int32(Self.contrast), &sharpnessSum, &sharpnessCount)
    }

    package var figures: Figures {
        let steps = Int(pixels_gradient_steps)
        let total = Double(max(1, counts.reduce(0, +)))
        func gradient(_ bin: Int) -> Double { Double(bin) / Double(steps) }
        func share(_ bins: Range<Int>) -> Double { Double(counts[bins].reduce(0, +)) / total }
        let sum = counts.indices.reduce(0.0) { $0 + gradient($1) * Double(counts[$1]) }
        var rest = total / 10
        var steepest = 0.0
        for bin in counts.indices.reversed() {
            let taken = min(rest, Double(counts[bin]))
            steepest += taken * gradient(bin)
            rest -= taken
        }
        return Figures(
            flatness: share(0..<Self.flatBelow * steps), meanGradient: sum / total,
            strongEdges: share(Self.strongFrom * steps..<counts.count), concentration: sum > 0 ? steepest / sum : 1,
            sharpness: sharpnessCount > 0 ? sharpnessSum / Double(sharpnessCount) : nil)
    }
}

extension PixelBuffer {
    /// The visible picture as the C loops take it.
    var picture: pixels_picture { pixels_picture(rgb: bytes, stride: stride) }
}
