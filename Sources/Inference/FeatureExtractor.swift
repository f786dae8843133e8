internal import CPixels
package import Frames
package import Model

/// What one layer makes of one picture; valid only while it is lent.
package struct FeatureMap {
    package let feature: VGGDescription.Feature
    package let channels: Int
    package let width: Int
    package let height: Int
    /// Positions in each channel.
    package var positions: Int { width * height }
    /// Channel after channel, without gaps.
    package let values: UnsafePointer<Float>
}

/// Looks at pictures of one size with VGG16. Callable from several threads at once.
package final class FeatureExtractor: Sendable {
    /// How many calls run side by side with profit.
    package let concurrency: Int
    private let requests: RequestPool
    private let width: Int
    private let height: Int
    private let outputs: [(feature: VGGDescription.Feature, shape: [Int])]

    /// Compiles the network for pictures of `width`×`height` pixels. It is not kept in the cache, which it would fill.
    ///
    /// - Throws: `.unavailable` where the device is not there, `.software` where OpenVINO fails.
    package init(
        _ weights: VGGWeights, features: [VGGDescription.Feature], width: Int, height: Int, options: InferenceOptions
    ) throws {
        (self.width, self.height) = (width, height)
        outputs = features.map { feature in
            let shape = weights.description.shape(of: feature, width: width, height: height)
            return (feature, [1, shape.channels, shape.height, shape.width])
        }
        var options = options
        options.cacheFolder = nil
        let engine = try Engine(options)
        concurrency = engine.streams
        let graph = VGGGraph.encoded(weights, features: features, width: width, height: height)
        let numbers = outputs.reduce(0) { $0 + $1.shape.reduce(1, *) }
        requests = try RequestPool(
            engine.network(onnx: graph), count: engine.streams,
            scratch: .init(pictureSize: width * height * 3, drawingSize: numbers * MemoryLayout<Float>.stride))
    }

    /// Lends the features of the part of `picture` whose upper left corner is at `x`, `y` and whose size is the
    /// network's own.
    package func withFeatures<Result>(
        of picture: PixelBuffer, x: Int = 0, y: Int = 0, inGrey: Bool = false,
        _ body: ([FeatureMap]) throws -> Result
    ) throws -> Result {
        precondition(x >= 0 && y >= 0 && x + width <= picture.width && y + height <= picture.height)
        return try requests.withRequest { request, scratch in
            let part = picture.bytes + y * picture.stride + x * 3
            if inGrey {
                pixels_grey(part, picture.stride, scratch.picture, Int32(width), Int32(height))
            } else {
                for row in 0..<height {
                    (scratch.picture + row * width * 3).update(from: part + row * picture.stride, count: width * 3)
                }
            }
            var place = scratch.drawing
            var maps: [FeatureMap] = []
            var targets: [InferenceRequest.Output] = []
            for (feature, shape) in outputs {
                let map = FeatureMap(
                    feature: feature, channels: shape[1], width: shape[3], height: shape[2],
                    values: UnsafePointer(place))
                maps.append(map)
                targets.append(.init(type: .float32, memory: UnsafeMutableRawPointer(place), shape: shape))
                place += map.channels * map.positions
            }
            try request.run(.uint8, scratch.picture, shape: [1, height, width, 3], into: targets)
            return try body(maps)
        }
    }
}
