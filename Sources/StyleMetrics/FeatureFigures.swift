internal import CPixels

/// Figures of one layer's features: planes of `width`×`height` numbers behind one another, without gaps.
package struct FeatureFigures {
    package let values: UnsafePointer<Float>
    package let channels: Int
    package let width: Int
    package let height: Int

    package init(_ values: UnsafePointer<Float>, channels: Int, width: Int, height: Int) {
        (self.values, self.channels, self.width, self.height) = (values, channels, width, height)
    }

    /// The mean of every channel, then the standard deviation of every channel, over a square of `side` numbers with its
    /// upper left corner at `x`, `y`: the style statistics of Li et al., "Demystifying Neural Style Transfer", IJCAI 2017.
    package func statistics(x: Int, y: Int, side: Int) -> [Float] {
        precondition(x >= 0 && y >= 0 && side > 0 && x + side <= width && y + side <= height)
        var mean = [Float](repeating: 0, count: channels)
        var deviation = mean
        let window = pixels_window(
            plane_width: Int32(width), plane_height: Int32(height), x: Int32(x), y: Int32(y), width: Int32(side),
            height: Int32(side))
        pixels_window_statistics(values, Int32(channels), window, &mean, &deviation)
        return mean + deviation
    }

    /// The cosine of the angle between two tensors: a·b / (‖a‖·‖b‖), 1 for what differs in strength alone. 1 also where
    /// both are zero, 0 where one is.
    package static func cosine(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double {
        let (aa, bb) = (pixels_dot(a, a, count), pixels_dot(b, b, count))
        guard aa > 0, bb > 0 else { return aa == bb ? 1 : 0 }
        return pixels_dot(a, b, count) / (aa * bb).squareRoot()
    }
}
