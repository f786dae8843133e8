internal import CPixels

/// Figures of one layer's features: `channels` planes of `positions` numbers without gaps.
package enum FeatureFigures {
    /// The mean of every channel, then the standard deviation of every channel: the style statistics of Li et al.,
    /// "Demystifying Neural Style Transfer", IJCAI 2017.
    package static func statistics(_ values: UnsafePointer<Float>, channels: Int, positions: Int) -> [Float] {
        var mean = [Float](repeating: 0, count: channels)
        var deviation = mean
        pixels_channel_statistics(values, Int32(channels), positions, &mean, &deviation)
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
