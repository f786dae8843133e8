import Foundation
import Model
import Testing

@testable import Inference

@Suite("Receptive radius")
struct ReceptiveRadiusTests {
    static let width = 320
    static let height = 16

    /// Judged on the numbers of the float network with random weights, so that neither rounding to levels nor small
    /// weights hide a difference.
    @Test("a pixel's drawing depends on pixels up to the receptive radius, and on none beyond it, from both sides")
    func radius() throws {
        let description = try TestPictures.cel().size().generator
        let radius = description.receptiveRadius
        let request = try Self.request(description)
        let picture = Self.noise(1, count: 3 * Self.width * Self.height)
        let drawing = try Self.draw(picture, request)
        // Changed left of `edge`, then right of it.
        let edge = 160
        for left in [true, false] {
            var changed = picture
            for index in changed.indices where (index % Self.width < edge) == left { changed[index] = -picture[index] }
            let other = try Self.draw(changed, request)
            let columns = Set(drawing.indices.filter { drawing[$0] != other[$0] }.map { $0 % Self.width })
            let furthest = columns.map { left ? $0 - edge + 1 : edge - $0 }.max() ?? 0
            #expect(furthest <= radius)
            #expect(furthest > radius - 16, "the radius is not wider than it need be")
        }
    }

    private static func request(_ description: GeneratorDescription) throws -> InferenceRequest {
        var tensors: [String: Tensor] = [:]
        for (index, parameter) in description.parameters.enumerated() {
            let count = parameter.shape.reduce(1, *)
            let scale = 1.5 / Float(max(9, count / parameter.shape[0])).squareRoot()
            let values = noise(UInt64(index + 2), count: count).map { $0 * scale }
            tensors[parameter.name] = Tensor(shape: parameter.shape, values: values)
        }
        let weights = try GeneratorWeights(Safetensors(tensors: tensors), description: description)
        let graph = GeneratorGraph.encoded(
            weights, style: StyleCode(seed: 3, dimensions: description.styleDimensions), width: width, height: height,
            edges: .float)
        let engine = try Engine(InferenceOptions(device: "CPU", precision: .f32, streams: 1))
        return try engine.network(onnx: graph).makeRequest()
    }

    private static func draw(_ picture: [Float], _ request: InferenceRequest) throws -> [Float] {
        var input = picture
        var output = picture
        let shape = [1, 3, height, width]
        try input.withUnsafeMutableBytes { source in
            try output.withUnsafeMutableBytes { target in
                try request.run(
                    .float32, source.baseAddress!, shape: shape, into: .float32, target.baseAddress!, shape: shape)
            }
        }
        return output
    }

    /// Numbers spread evenly over −1…1.
    private static func noise(_ seed: UInt64, count: Int) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 23) - 1
        }
    }
}
