internal import Foundation
internal import Frames

/// Finds the range in which a network takes and gives colours, by letting it draw a test picture.
///
/// Drawings differ from what they are drawn from, but far less than a picture read in the wrong range does: that is
/// washed out, half black or far out of bounds. So every pair of ranges is tried, and the one whose drawing lies nearest
/// to the picture and least out of bounds is taken. −1…1 is how these networks are usually trained, so it wins ties.
struct RangeProbe {
    let input: ModelRange
    let output: ModelRange

    /// Sides of the test picture, in pixels, for a network that takes multiples of up to 64.
    static let side = 192

    private static let unusual: Float = 0.02
    private static let mixed: Float = 0.06

    init(_ network: ForeignNetwork, on engine: Engine) throws {
        let (width, height) =
            if case .fixed(let width, let height) = network.sizes { (width, height) } else { (Self.side, Self.side) }
        let model = try network.model(width: width, height: height, on: engine.core)
            .taking(.float32, network.inputLayout, nil, output: network.output)
        let request = try engine.core.compile(model, device: engine.device).makeRequest()
        let picture = Self.testPicture(width, height)
        var best: (error: Float, input: ModelRange, output: ModelRange)?
        for input in network.takesBytes ? [.bytes] : ModelRange.allCases {
            let drawing = try Self.draw(picture, width, height, network, input, request)
            for output in ModelRange.allCases {
                var error = Self.error(of: drawing, in: output, against: picture)
                if input != .signed && !network.takesBytes { error += Self.unusual }
                if input != output { error += Self.mixed }
                if error < best?.error ?? .infinity { best = (error, input, output) }
            }
        }
        guard let best else {
            throw SakugaError(
                .data,
                "cannot use network '\(network.file.path)': its drawing of a test picture is not a number anywhere")
        }
        (input, output) = (best.input, best.output)
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
