internal import CPixels
package import Frames
package import Model

/// Draws pictures of any size with a preset's network and one style code: compiled once, for pictures that come in many
/// sizes. The drawing is that of a `Generator` for the picture's size, to within a level; a film's frames, which all
/// have one size, are better off with that.
package final class AnySizeGenerator: FrameGenerator {
    package let alignment: Int
    package let concurrency: Int
    /// The style code that the network was compiled with.
    package let style: StyleCode
    private let description: GeneratorDescription
    private let engine: Engine
    private let memoryLimit: Int
    private let requests: RequestPool

    /// Reads the weights, folds the style code of `seed` into them and compiles the network.
    ///
    /// - Throws: `.data` and `.noInput` for broken or missing weights, `.unavailable` where the device is not there,
    ///   `.software` where OpenVINO fails.
    package init(
        preset: Preset, size: String? = nil, seed: UInt64, options: InferenceOptions = .init()
    ) throws {
        let chosen = try preset.size(named: size)
        description = chosen.generator
        style = StyleCode(seed: seed, dimensions: description.styleDimensions)
        engine = try Engine(options)
        let network = try engine.network(onnx: GeneratorGraph.encoded(preset.weights(of: chosen), style: style))
        requests = try RequestPool(network, count: engine.streams)
        memoryLimit = options.memoryLimit
        alignment = description.alignment
        concurrency = engine.streams
    }

    package func draw(_ input: PixelBuffer, into output: PixelBuffer) throws {
        try Generator.check(input.width, input.height)
        let (width, height) = (description.padded(input.width), description.padded(input.height))
        for buffer in [input, output] where buffer.paddedWidth != width || buffer.paddedHeight != height {
            throw Generator.wrongSize(buffer, width, height)
        }
        pixels_pad_edges(
            input.bytes, Int32(input.width), Int32(input.height), Int32(width), Int32(height), input.stride)
        let tiling = Generator.tiling(
            of: description, width: width, height: height, engine: engine, limit: memoryLimit)
        let shape = [1, tiling.tileHeight, tiling.tileWidth, 3]
        try requests.withRequest { request, _ in
            guard tiling.count > 1 else {
                try request.run(.uint8, input.bytes, shape: shape, into: .uint8, output.bytes, shape: shape)
                return
            }
            let count = tiling.tileWidth * tiling.tileHeight * 3
            let scratch = RequestPool.Scratch(.init(pictureSize: count, drawingSize: count))
            try tiling.draw(input, into: output, through: (scratch.picture, scratch.levels)) {
                try request.run(.uint8, scratch.picture, shape: shape, into: .uint8, scratch.levels, shape: shape)
            }
        }
    }
}
