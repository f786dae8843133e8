internal import Foundation
internal import Frames

/// Finds the range in which a network takes and gives colours, by letting it draw a test picture.
///
/// The output's range shows in its bounds: only −1…1 has negative colours, and only 0…255 goes far above 1. For the
/// input's, the picture is fed in every range: drawings differ from what they are drawn from, but far less than a picture
/// read in the wrong range does, which is washed out, half black or out of bounds. The pair of ranges whose drawing lies
/// nearest to the picture is taken; both are usually the same, and −1…1 is how these networks are trained.
struct RangeProbe: Codable {
    let input: ModelRange
    let output: ModelRange

    /// Sides of the test picture, in pixels, for a network that takes multiples of up to 64.
    static let side = 192

    // What makes a pair of ranges less likely, as distances of drawings to the picture on 0…1.
    private static let unusual: Float = 0.02
    private static let mixed: Float = 0.12
    private static let outOfBounds: Float = 0.3

    init(_ network: ForeignNetwork, in file: ForeignNetworkFile, on engine: Engine) throws {
        let (width, height) =
            if case .fixed(let width, let height) = network.sizes { (width, height) } else { (Self.side, Self.side) }
        let model = try file.model(network.inputLayout, width: width, height: height)
            .taking(.float32, network.inputLayout, nil, output: network.output)
        let request = try engine.compile(model).makeRequest()
        let picture = Self.testPicture(width, height)
        let feeds = network.takesBytes ? [.bytes] : ModelRange.allCases
        let drawings = try feeds.map { feed in
            (feed: feed, values: try Self.draw(picture, width, height, network, feed, request))
        }
        let likely = Self.outputRange(drawings)
        var best: (error: Float, input: ModelRange, output: ModelRange)?
        for (feed, values) in drawings {
            for output in ModelRange.allCases {
                var error = Self.error(of: values, in: output, against: picture)
                if feed != .signed && feeds.count > 1 { error += Self.unusual }
                if feed != output { error += Self.mixed }
                if output != likely { error += Self.outOfBounds }
                if error < best?.error ?? .infinity { best = (error, feed, output) }
            }
        }
        guard let best else {
            throw SakugaError(
                .data,
                "cannot use network '\(file.url.path)': its drawing of a test picture is not a number anywhere")
        }
        (input, output) = (best.input, best.output)
    }

    /// The range that the bounds of the drawings speak for.
    private static func outputRange(_ drawings: [(feed: ModelRange, values: [Float])]) -> ModelRange {
        func bounds(_ feed: ModelRange) -> (least: Float, most: Float) {
            let values = drawings.first { $0.feed == feed }?.values ?? drawings.first?.values ?? []
            return (values.min() ?? 0, values.max() ?? 0)
        }
        if bounds(.signed).least < -0.05 { return .signed }
        return bounds(.bytes).most > 2 ? .bytes : .unit
    }

    /// Mean distance of the drawing to the picture, both on 0…1, and twice what lies out of bounds.
    private static func error(of drawing: [Float], in range: ModelRange, against picture: [Float]) -> Float {
        var sum: Float = 0
        for (value, level) in zip(drawing, picture) {
            let drawn = (value * range.scale + range.mean) / 255
            let clipped = min(1, max(0, drawn))
            sum += abs(clipped - level / 255) + 2 * min(1, abs(drawn - clipped))
        }
        return sum / Float(picture.count)
    }

    /// The drawing's values, interleaved.
    private static func draw(
        _ picture: [Float], _ width: Int, _ height: Int, _ network: ForeignNetwork, _ range: ModelRange,
        _ request: InferenceRequest
    ) throws -> [Float] {
        var input = picture.map { ($0 - range.mean) / range.scale }
        let output = try request.runForFloats(
            &input, shape: ImageLayout.nhwc.shape(width: width, height: height), output: network.output,
            shape: network.outputLayout.shape(width: width, height: height))
        return network.outputLayout == .nhwc ? output : interleaved(output)
    }

    private static func interleaved(_ planes: [Float]) -> [Float] {
        let size = planes.count / 3
        return (0..<planes.count).map { planes[$0 % 3 * size + $0 / 3] }
    }

    /// Slopes from black to white in three directions over patches of light and dark, in levels, interleaved.
    private static func testPicture(_ width: Int, _ height: Int) -> [Float] {
        var levels: [Float] = []
        levels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let (across, down) = (Float(x) / Float(width), Float(y) / Float(height))
                let patch: Float = (x / 24 + y / 24) % 3 == 0 ? 60 : 0
                let colours = [across * 255, down * 255, (1 - across) * 255]
                for colour in colours { levels.append(min(255, max(0, colour * 0.85 + patch - 12))) }
            }
        }
        return levels
    }
}
