internal import CPixels
package import Foundation
package import Frames

/// Draws pictures with a network from elsewhere: AnimeGANv2, AnimeGANv3 and their kin, as .onnx, .pb or .tflite files.
///
/// Layout, range and the multiple that sides must have are found out. A network whose size is fixed and cannot be
/// changed draws tiles that are cross-faded, and so does any network where memory is short.
package final class ForeignGenerator: FrameGenerator {
    package let alignment: Int
    package let concurrency: Int
    /// OpenVINO's name of the device that draws.
    package let device: String
    /// The precision it calculates in, never `auto`.
    package let precision: InferenceOptions.Precision
    /// The range in which the network takes colours, and the one in which it gives them.
    package let inputRange: ModelRange
    package let outputRange: ModelRange
    /// Tiles that a picture is cut into; 1 where it is drawn in one piece.
    package var tileCount: Int { tiling.map { $0.columns.count * $0.rows.count } ?? 1 }
    private let network: ForeignNetwork
    private let requests: RequestPool
    private let tiling: BlendedTiling?
    private let paddedWidth: Int
    private let paddedHeight: Int
    private let networkWidth: Int
    private let networkHeight: Int

    /// Reads the network, finds out how it wants pictures, and compiles it for pictures of `width`×`height` pixels; what
    /// an earlier start left in the cache is not done again.
    ///
    /// - Parameters:
    ///   - range: the range of colours on both sides; nil finds it out by drawing a test picture.
    ///   - sides: the lengths that are taken.
    /// - Throws: `.noInput` where there is no such file, `.data` where it is no such network, `.usage` for an impossible
    ///   size, `.unavailable` where the device is not there, `.software` where OpenVINO fails.
    package init(
        model file: URL, range: ModelRange? = nil, width: Int, height: Int, options: InferenceOptions = .init(),
        sides: ClosedRange<Int> = Generator.sides
    ) throws {
        try Generator.check(width, height, sides)
        var engine = try Engine(options)
        let file = try ForeignNetworkFile(file, on: engine.core)
        func identity(_ question: String) -> Data? { file.digest.map { Data("\(question) of \($0)".utf8) } }
        let network = try engine.remembered(identifiedBy: identity("layout and sizes")) { try ForeignNetwork(file) }
        self.network = network
        let plan = try Self.plan(network.sizes, width, height, &engine, limit: options.memoryLimit)
        (alignment, tiling) = (plan.alignment, plan.tiling)
        (paddedWidth, paddedHeight) = (Self.padded(width, alignment), Self.padded(height, alignment))
        (networkWidth, networkHeight) = plan.network
        if let range {
            (inputRange, outputRange) = (range, range)
        } else {
            let probe = try engine.remembered(identifiedBy: identity("ranges")) {
                try RangeProbe(network, in: file, on: engine)
            }
            (inputRange, outputRange) = (probe.input, probe.output)
        }
        let (width, height, range) = (networkWidth, networkHeight, inputRange)
        let compiled = try engine.network(identifiedBy: identity("network for \(width)x\(height) in \(range)")) {
            try file.model(network.inputLayout, width: width, height: height)
                .taking(.uint8, network.inputLayout, range, output: network.output)
        }
        requests = try RequestPool(
            compiled, count: engine.streams,
            scratch: .init(
                pictureSize: tiling == nil ? 0 : networkWidth * networkHeight * 3,
                drawingSize: networkWidth * networkHeight * 3 * MemoryLayout<Float>.stride,
                sumSize: tiling == nil ? 0 : paddedWidth * paddedHeight * 3 * MemoryLayout<Float>.stride))
        concurrency = engine.streams
        device = engine.device
        precision = engine.precision(of: compiled)
    }

    /// Decides how pictures come to the network's size: padded, or in tiles; one tile, larger than they, where they are too
    /// small. Where intermediate results would take more
    /// than `limit` bytes, there are fewer streams first, then tiles.
    private static func plan(
        _ sizes: ForeignNetwork.Sizes, _ width: Int, _ height: Int, _ engine: inout Engine, limit: Int
    ) throws -> (alignment: Int, network: (Int, Int), tiling: BlendedTiling?) {
        switch sizes {
        case .fixed(let tileWidth, let tileHeight):
            let tiling = BlendedTiling(
                width: max(width, tileWidth), height: max(height, tileHeight), tileWidth: tileWidth,
                tileHeight: tileHeight)
            return (1, (tileWidth, tileHeight), tiling)
        case .multiples(let multiple):
            let (paddedWidth, paddedHeight) = (padded(width, multiple), padded(height, multiple))
            let least = max(smallestSide, multiple * 2)
            if min(paddedWidth, paddedHeight) < least {
                let (width, height) = (max(paddedWidth, least), max(paddedHeight, least))
                let tiling = BlendedTiling(width: width, height: height, tileWidth: width, tileHeight: height)
                return (multiple, (width, height), tiling)
            }
            var (tileWidth, tileHeight) = (paddedWidth, paddedHeight)
            func bytes() -> Int { tileWidth * tileHeight * numbersPerPixel * engine.bytesPerNumber }
            try engine.limitStreams(to: limit / bytes())
            while bytes() > limit, max(tileWidth, tileHeight) > 512 {
                if tileWidth > tileHeight {
                    tileWidth = padded(tileWidth * 9 / 16, multiple)
                } else {
                    tileHeight = padded(tileHeight * 9 / 16, multiple)
                }
            }
            guard (tileWidth, tileHeight) != (paddedWidth, paddedHeight) else {
                return (multiple, (paddedWidth, paddedHeight), nil)
            }
            let tiling = BlendedTiling(
                width: paddedWidth, height: paddedHeight, tileWidth: tileWidth, tileHeight: tileHeight)
            return (multiple, (tileWidth, tileHeight), tiling)
        }
    }

    /// Smaller pictures get wider edges: where a network has shrunk them, its reflected borders still need 2 pixels.
    private static let smallestSide = 64

    /// Numbers alive at once for each pixel: 71 were measured with AnimeGANv3 tiny (131 MB for 1280×720 in bf16).
    private static let numbersPerPixel = 80

    package func draw(_ input: PixelBuffer, into output: PixelBuffer) throws {
        for buffer in [input, output] {
            guard buffer.paddedWidth == paddedWidth, buffer.paddedHeight == paddedHeight else {
                throw Generator.wrongSize(buffer, paddedWidth, paddedHeight)
            }
        }
        pixels_pad_edges(
            input.bytes, Int32(input.width), Int32(input.height), Int32(paddedWidth), Int32(paddedHeight), input.stride)
        try requests.withRequest { request, scratch in
            if let tiling {
                try drawTiles(of: input, into: output, tiling, request, scratch)
            } else {
                try draw(input.bytes, request, scratch)
                convert(scratch.drawing, to: output)
            }
        }
    }

    /// Draws a picture of the network's size into `scratch.drawing`.
    private func draw(
        _ picture: UnsafeMutablePointer<UInt8>, _ request: InferenceRequest, _ scratch: RequestPool.Scratch
    ) throws {
        try request.run(
            .uint8, picture, shape: ImageLayout.nhwc.shape(width: networkWidth, height: networkHeight),
            into: .float32, scratch.drawing, output: network.output,
            shape: network.outputLayout.shape(width: networkWidth, height: networkHeight))
    }

    private func convert(_ drawing: UnsafeMutablePointer<Float>, to output: PixelBuffer) {
        let pixels = networkWidth * networkHeight
        switch network.outputLayout {
        case .nhwc:
            pixels_from_floats(drawing, output.bytes, pixels * 3, outputRange.scale, outputRange.mean)
        case .nchw:
            pixels_from_planes(drawing, pixels, output.bytes, pixels, outputRange.scale, outputRange.mean)
        }
    }

    private func drawTiles(
        of input: PixelBuffer, into output: PixelBuffer, _ tiling: BlendedTiling, _ request: InferenceRequest,
        _ scratch: RequestPool.Scratch
    ) throws {
        scratch.sums.update(repeating: 0, count: paddedWidth * paddedHeight * 3)
        for row in tiling.rows {
            for column in tiling.columns {
                copyTile(of: input, column.start, row.start, to: scratch.picture)
                try draw(scratch.picture, request, scratch)
                add(scratch.drawing, column, row, to: scratch.sums)
            }
        }
        pixels_from_floats(scratch.sums, output.bytes, paddedWidth * paddedHeight * 3, 1, 0)
    }

    /// Copies a tile; where the picture is smaller than the network, its edges are repeated.
    private func copyTile(of picture: PixelBuffer, _ x: Int, _ y: Int, to tile: UnsafeMutablePointer<UInt8>) {
        let (columns, rows) = (min(networkWidth, paddedWidth - x), min(networkHeight, paddedHeight - y))
        for row in 0..<rows {
            let source = picture.bytes + (y + row) * picture.stride + x * 3
            (tile + row * networkWidth * 3).update(from: source, count: columns * 3)
        }
        pixels_pad_edges(
            tile, Int32(columns), Int32(rows), Int32(networkWidth), Int32(networkHeight), networkWidth * 3)
    }

    private func add(
        _ drawing: UnsafeMutablePointer<Float>, _ column: BlendedTiling.Span, _ row: BlendedTiling.Span,
        to sums: UnsafeMutablePointer<Float>
    ) {
        let interleaved = network.outputLayout == .nhwc
        let (columns, rows) = (
            min(networkWidth, paddedWidth - column.start), min(networkHeight, paddedHeight - row.start)
        )
        for y in 0..<rows {
            pixels_add_weighted(
                drawing + y * networkWidth * (interleaved ? 3 : 1), interleaved ? 3 : 1,
                interleaved ? 1 : networkWidth * networkHeight, column.weights, row.weights[y],
                sums + ((row.start + y) * paddedWidth + column.start) * 3, columns, outputRange.scale, outputRange.mean)
        }
    }

    private static func padded(_ side: Int, _ multiple: Int) -> Int { (side + multiple - 1) / multiple * multiple }
}
