import Foundation
import Model
import Testing

@testable import Inference

@Suite("Transposes around arithmetic, when run")
struct TransposeSinkingTests {
    @Test("a network without them gives the same numbers")
    func sameNumbers() throws {
        var graph = ONNXGraph(name: "arithmetic")
        graph.addInput("picture", .float32, [1, 3, 8, 16])
        graph.addOutput("drawing", .float32, [1, 3, 8, 16])
        graph.add("GlobalAveragePool", ["picture"], to: "mean")
        graph.addConstant("last", [1, 1, 1, 3])
        graph.add("Reshape", ["mean", "last"], to: "mean.last")
        graph.add("Transpose", ["picture"], to: "interleaved", [("perm", .ints([0, 2, 3, 1]))])
        graph.add("Div", ["interleaved", "mean.last"], to: "divided")
        graph.addConstant("factors", shape: [3], [1, 2, 3])
        graph.add("Mul", ["factors", "divided"], to: "scaled")
        graph.addConstant("one", shape: [], [1])
        graph.add("Sub", ["one", "scaled"], to: "moved")
        graph.add("Transpose", ["moved"], to: "drawing", [("perm", .ints([0, 3, 1, 2]))])
        let file = graph.encoded()
        let sunk = try #require(TransposeSinking.sunk(file))
        let engine = try Engine(InferenceOptions(device: "CPU", precision: .f32, streams: 1))
        let numbers: [Float] = (0..<384).map { index in Float((index * 37) % 101) / 50 - 0.3 }
        let drawings = try [file, sunk].map { file in
            var input = numbers
            return try engine.network(onnx: file).makeRequest()
                .runForFloats(&input, shape: [1, 3, 8, 16], shape: [1, 3, 8, 16])
        }
        #expect(zip(drawings[0], drawings[1]).allSatisfy { abs($0 - $1) <= 1e-5 })
        #expect(Set(drawings[0]).count > 50)
    }

    @Test(
        "AnimeGANv3 has a pair, and draws the same without it",
        .enabled(if: SharedFolder.has("models/AnimeGANv3_tiny_Cute.onnx"), "no ../shared folder with the network"))
    func animeGAN() throws {
        let file = try Data(contentsOf: SharedFolder.url.appendingPathComponent("models/AnimeGANv3_tiny_Cute.onnx"))
        let sunk = try #require(TransposeSinking.sunk(file))
        let engine = try Engine(InferenceOptions(device: "CPU", precision: .f32, streams: 1))
        let shape = [1, 64, 96, 3]
        let numbers: [Float] = (0..<64 * 96 * 3).map { index in Float((index * 37) % 101) / 50 - 1 }
        let drawings = try [file, sunk].map { file in
            let model = try engine.core.read(onnx: file)
            try model.reshape(shape)
            var input = numbers
            return try engine.compile(model).makeRequest().runForFloats(&input, shape: shape, shape: shape)
        }
        #expect(zip(drawings[0], drawings[1]).allSatisfy { abs($0 - $1) <= 1e-4 })
    }
}
