/// Order of a picture's axes in a tensor.
enum ImageLayout: String, Sendable, Codable {
    /// Batch, height, width, channel: interleaved colours.
    case nhwc = "NHWC"
    /// Batch, channel, height, width: planes.
    case nchw = "NCHW"

    func shape(width: Int, height: Int) -> [Int] {
        self == .nhwc ? [1, height, width, 3] : [1, 3, height, width]
    }

    /// Width and height out of a shape in this layout.
    func size<Length>(of shape: [Length]) -> (width: Length, height: Length) {
        self == .nhwc ? (shape[2], shape[1]) : (shape[3], shape[2])
    }

    /// The layouts in which these lengths can be a picture of 3 channels; none where they cannot.
    static func candidates(_ lengths: [NetworkModel.Length]) -> [ImageLayout] {
        guard lengths.count == 4 else { return [] }
        let layouts: [ImageLayout] = [.nhwc, .nchw].filter { lengths[$0.channelAxis].allows(3) }
        // An axis that says 3 is a better witness than one that is open.
        let certain = layouts.filter { lengths[$0.channelAxis] == .fixed(3) }
        return certain.isEmpty ? layouts : certain
    }

    private var channelAxis: Int { self == .nhwc ? 3 : 1 }
}
