internal import CPixels
package import Frames
package import Model

/// Draws pictures of one size with a preset's network, in one piece or, where memory is short, in tiles.
package final class Generator: FrameGenerator {
    package let alignment: Int
    package let concurrency: Int
    /// OpenVINO's name of the device that draws.
    package let device: String
    /// The precision it calculates in, never `auto`.
    package let precision: InferenceOptions.Precision
    /// Tiles that a picture is cut into; 1 where it is drawn in one piece.
    package var tileCount: Int { tiling.count }
    /// Multiply–accumulate operations for one picture, in units of 10⁹, what tiles draw twice included.
    package let gigaMACs: Double
    private let requests: RequestPool
    private let tiling: Tiling
    private let paddedWidth: Int
    private let paddedHeight: Int

    /// Bytes of intermediate results for every two streams beyond which fewer pictures are drawn side by side, unless the
    /// user says otherwise: on two cores a film of 1280×720 then takes less than 450 MB in all.
    private static let memoryPerPairOfStreams = 100 << 20

    /// Sides of pictures that can be drawn, in pixels.
    package static let sides = 16...8192

    /// Reads the weights, folds the style code of `seed` into them, and compiles the network for pictures of
    /// `width`×`height` pixels.
    ///
    /// - Parameter sides: the lengths that are taken.
    /// - Throws: `.usage` for an impossible size, `.data` and `.noInput` for broken or missing weights, `.unavailable`
    ///   where the device is not there, `.software` where OpenVINO fails.
    package init(
        preset: Preset, size: String? = nil, seed: UInt64 = 0, width: Int, height: Int,
        options: InferenceOptions = .init(), sides: ClosedRange<Int> = Generator.sides
    ) throws {
        try Self.check(width, height, sides)
        let chosen = try preset.size(named: size)
        let description = chosen.generator
        let weights = try preset.weights(of: chosen)
        var engine = try Engine(options)
        alignment = description.alignment
        paddedWidth = description.padded(width)
        paddedHeight = description.padded(height)
        let activations =
            description.largestActivationCount(width: paddedWidth, height: paddedHeight) * engine.bytesPerNumber
        if options.streams == nil {
            try engine.limitStreams(to: max(1, Self.memoryPerPairOfStreams * max(2, engine.streams) / 2 / activations))
        }
        let tiling = Self.tiling(
            of: description, width: paddedWidth, height: paddedHeight, engine: engine, limit: options.memoryLimit)
        self.tiling = tiling
        gigaMACs =
            Double(tiling.count) * description.gigaMACs(width: tiling.tileWidth, height: tiling.tileHeight)
        let style = StyleCode(seed: seed, dimensions: description.styleDimensions)
        let graph = GeneratorGraph.encoded(
            weights, style: style, width: tiling.tileWidth, height: tiling.tileHeight, edges: .bytes)
        let network = try engine.network(onnx: graph)
        requests = try RequestPool(
            network, count: engine.streams,
            scratch: tiling.count > 1
                ? .init(
                    pictureSize: tiling.tileWidth * tiling.tileHeight * 3,
                    drawingSize: tiling.tileWidth * tiling.tileHeight * 3) : .init())
        concurrency = engine.streams
        device = engine.device
        precision = engine.precision(of: network)
    }

    package func draw(_ input: PixelBuffer, into output: PixelBuffer) throws {
        try checkSize(of: input)
        try checkSize(of: output)
        pixels_pad_edges(
            input.bytes, Int32(input.width), Int32(input.height), Int32(paddedWidth), Int32(paddedHeight), input.stride)
        let shape = [1, tiling.tileHeight, tiling.tileWidth, 3]
        try requests.withRequest { request, scratch in
            guard tiling.count > 1 else {
                try request.run(.uint8, input.bytes, shape: shape, into: .uint8, output.bytes, shape: shape)
                return
            }
            try tiling.draw(input, into: output, through: (scratch.picture, scratch.levels)) {
                try request.run(.uint8, scratch.picture, shape: shape, into: .uint8, scratch.levels, shape: shape)
            }
        }
    }

    /// Cuts the picture so that the intermediate results of two streams stay below `limit` bytes: what is drawn does not
    /// depend on how many there are.
    static func tiling(
        of description: GeneratorDescription, width: Int, height: Int, engine: Engine, limit: Int
    ) -> Tiling {
        Tiling(
            width: width, height: height, alignment: description.alignment, margin: description.receptiveRadius
        ) { tileWidth, tileHeight in
            let numbers = description.largestActivationCount(width: tileWidth, height: tileHeight)
            return numbers * engine.bytesPerNumber * 2 <= limit
        }
    }

    private func checkSize(of buffer: PixelBuffer) throws {
        guard buffer.paddedWidth == paddedWidth, buffer.paddedHeight == paddedHeight else {
            throw Self.wrongSize(buffer, paddedWidth, paddedHeight)
        }
    }

    /// - Throws: `.usage` for a size that cannot be drawn.
    static func check(_ width: Int, _ height: Int, _ sides: ClosedRange<Int> = Generator.sides) throws(SakugaError) {
        guard sides.contains(width), sides.contains(height) else {
            throw SakugaError(
                .usage,
                "cannot draw pictures of \(width)×\(height) pixels, sides must be \(sides.lowerBound) to "
                    + "\(sides.upperBound)")
        }
    }

    static func wrongSize(_ buffer: PixelBuffer, _ width: Int, _ height: Int) -> SakugaError {
        SakugaError(
            .software,
            "a picture in memory of \(buffer.paddedWidth)×\(buffer.paddedHeight) pixels came to a network "
                + "for \(width)×\(height)")
    }
}
