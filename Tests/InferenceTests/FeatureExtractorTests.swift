import Frames
import Model
import Support
import Testing

@testable import Inference

@Suite("Feature extractor")
struct FeatureExtractorTests {
    /// Planes of numbers, computed the slow way.
    private struct Planes {
        var channels: Int
        var width: Int
        var height: Int
        var values: [Float]

        /// 3×3, zero padding, ReLU.
        func convolved(_ weight: Tensor, _ bias: Tensor) -> Planes {
            let outputs = bias.values.count
            var result = Planes(channels: outputs, width: width, height: height, values: [])
            for output in 0..<outputs {
                for y in 0..<height {
                    for x in 0..<width {
                        var sum = Double(bias.values[output])
                        for input in 0..<channels {
                            for tap in 0..<9 {
                                let (row, column) = (y + tap / 3 - 1, x + tap % 3 - 1)
                                guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
                                sum +=
                                    Double(weight.values[(output * channels + input) * 9 + tap])
                                    * Double(values[(input * height + row) * width + column])
                            }
                        }
                        result.values.append(Float(max(0, sum)))
                    }
                }
            }
            return result
        }

        /// The largest of each 2×2.
        func pooled() -> Planes {
            var result = Planes(channels: channels, width: width / 2, height: height / 2, values: [])
            for channel in 0..<channels {
                for y in 0..<height / 2 {
                    for x in 0..<width / 2 {
                        let corner = (channel * height + 2 * y) * width + 2 * x
                        result.values.append(
                            max(
                                max(values[corner], values[corner + 1]),
                                max(values[corner + width], values[corner + width + 1])))
                    }
                }
            }
            return result
        }
    }

    /// BGR less the mean, from the part of a picture at (x, y).
    private func planes(_ picture: PixelBuffer, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Planes {
        var values: [Float] = []
        for channel in 0..<3 {
            for row in y..<y + height {
                for column in x..<x + width {
                    let level = picture.bytes[row * picture.stride + column * 3 + (2 - channel)]
                    values.append(Float(level) - VGGDescription.mean[channel])
                }
            }
        }
        return Planes(channels: 3, width: width, height: height, values: values)
    }

    @Test("features are those of convolutions, ReLU and pooling computed by hand, also of a part of a picture")
    func againstNaive() throws {
        let weights = try TestVGG.weights()
        let (width, height) = (21, 16)
        let picture = TestPictures.make(40, 33)
        var planes = planes(picture, 5, 7, width, height)
        var expected: [String: Planes] = [:]
        for convolution in weights.description.convolutions where convolution.block < 5 {
            if convolution.number == 1, convolution.block > 1 { planes = planes.pooled() }
            planes = planes.convolved(
                try #require(weights.tensors[convolution.name + ".weight"]),
                try #require(weights.tensors[convolution.name + ".bias"]))
            expected["relu" + convolution.name.dropFirst(4)] = planes
        }
        let extractor = try FeatureExtractor(
            weights, features: VGGDescription.Feature.allCases, width: width, height: height,
            options: GeneratorTests.f32)
        try extractor.withFeatures(of: picture, x: 5, y: 7) { maps in
            #expect(maps.map(\.feature) == VGGDescription.Feature.allCases)
            for map in maps {
                let expected = try #require(expected[map.feature.rawValue])
                #expect(map.channels == expected.channels)
                #expect(map.width == expected.width && map.height == expected.height)
                let largest = expected.values.max() ?? 0
                #expect(largest > 1, "\(map.feature) is dead in this test")
                for (index, value) in expected.values.enumerated() {
                    #expect(abs(map.values[index] - value) < 1e-4 * largest)
                }
            }
        }
    }

    @Test("in grey a picture looks as its grey copy does, whatever its colours")
    func grey() throws {
        let weights = try TestVGG.weights()
        let extractor = try FeatureExtractor(
            weights, features: [.relu22], width: 16, height: 16, options: GeneratorTests.f32)
        let (red, dark) = (FramePool(width: 16, height: 16).makeBuffer(), FramePool(width: 16, height: 16).makeBuffer())
        for index in 0..<red.byteCount {
            red.bytes[index] = index % 3 == 0 ? 200 : 0
            dark.bytes[index] = 60  // 0.299 · 200
        }
        func features(_ picture: PixelBuffer, inGrey: Bool) throws -> [Float] {
            try extractor.withFeatures(of: picture, inGrey: inGrey) { maps in
                Array(UnsafeBufferPointer(start: maps[0].values, count: maps[0].channels * maps[0].positions))
            }
        }
        #expect(try features(red, inGrey: true) == features(dark, inGrey: false))
        #expect(try features(red, inGrey: false) != features(dark, inGrey: false))
    }
}
