internal import CPixels
package import Frames
package import Model

/// Draws pictures of one size with a preset's network.
package final class Generator: FrameGenerator {
    package let alignment: Int
    package let concurrency: Int
    /// OpenVINO's name of the device that draws.
    package let device: String
    /// The precision it calculates in, never `auto`.
    package let precision: InferenceOptions.Precision
    private let requests: RequestPool
    private let paddedWidth: Int
    private let paddedHeight: Int

    /// Sides of pictures that can be drawn, in pixels.
    package static let sides = 16...8192

    /// Reads the weights, folds the style code of `seed` into them, and compiles the network for pictures of
    /// `width`×`height` pixels.
    ///
    /// - Throws: `.usage` for an impossible size, `.data` and `.noInput` for broken or missing weights, `.unavailable`
    ///   where the device is not there, `.software` where OpenVINO fails.
    package init(
        preset: Preset, size: String? = nil, seed: UInt64 = 0, width: Int, height: Int,
        options: InferenceOptions = .init()
    ) throws {
        guard Self.sides.contains(width), Self.sides.contains(height) else {
            throw SakugaError(
                .usage,
                "cannot draw pictures of \(width)×\(height) pixels, sides must be "
                    + "\(Self.sides.lowerBound) to \(Self.sides.upperBound)")
        }
        let chosen = try preset.size(named: size)
        let description = chosen.generator
        let weights = try preset.weights(of: chosen)
        let engine = try Engine(options)
        alignment = description.alignment
        paddedWidth = description.padded(width)
        paddedHeight = description.padded(height)
        let style = StyleCode(seed: seed, dimensions: description.styleDimensions)
        let graph = GeneratorGraph.encoded(
            weights, style: style, width: paddedWidth, height: paddedHeight, edges: .bytes)
        let network = try engine.compile(engine.core.read(onnx: graph))
        requests = try RequestPool(network, count: engine.streams)
        concurrency = engine.streams
        device = engine.device
        precision = engine.precision
    }

    package func draw(_ input: PixelBuffer, into output: PixelBuffer) throws {
        try checkSize(of: input)
        try checkSize(of: output)
        pixels_pad_edges(
            input.bytes, Int32(input.width), Int32(input.height), Int32(paddedWidth), Int32(paddedHeight), input.stride)
        let shape = [1, paddedHeight, paddedWidth, 3]
        try requests.withRequest { request in
            try request.run(.uint8, input.bytes, shape: shape, into: .uint8, output.bytes, shape: shape)
        }
    }

    private func checkSize(of buffer: PixelBuffer) throws {
        guard buffer.paddedWidth == paddedWidth, buffer.paddedHeight == paddedHeight else {
            throw SakugaError(
                .software,
                "a picture in memory of \(buffer.paddedWidth)×\(buffer.paddedHeight) pixels came to a network "
                    + "for \(paddedWidth)×\(paddedHeight)")
        }
    }
}
