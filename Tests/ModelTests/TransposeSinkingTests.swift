import Foundation
import Testing

@testable import Model

@Suite("Transposes around arithmetic")
struct TransposeSinkingTests {
    /// planes → interleaved → ÷ reshaped mean → · constant → + one number → planes again, as TensorFlow's exports have it.
    static func network(extraReader: Bool = false, perPixel: Bool = false) -> Data {
        var graph = ONNXGraph(name: "arithmetic")
        graph.addInput("picture", .float32, [1, 3, 8, 16])
        graph.addOutput("drawing", .float32, [1, 3, 8, 16])
        graph.add("GlobalAveragePool", ["picture"], to: "mean")
        graph.addConstant("last", [1, 1, 1, 3])
        graph.add("Reshape", ["mean", "last"], to: "mean.last")
        graph.add("Transpose", ["picture"], to: "interleaved", [("perm", .ints([0, 2, 3, 1]))])
        graph.add("Div", ["interleaved", "mean.last"], to: "divided")
        if perPixel {
            graph.addConstant("factors", shape: [8, 16, 3], (0..<8 * 16 * 3).map { Float($0) })
        } else {
            graph.addConstant("factors", shape: [3], [1, 2, 3])
        }
        graph.add("Mul", ["divided", "factors"], to: "scaled")
        graph.addConstant("one", shape: [], [1])
        graph.add("Sub", ["one", "scaled"], to: "moved")
        graph.add("Transpose", ["moved"], to: "planes", [("perm", .ints([0, 3, 1, 2]))])
        if extraReader {
            graph.add("Transpose", ["divided"], to: "other", [("perm", .ints([0, 3, 1, 2]))])
            graph.add("Add", ["planes", "other"], to: "drawing")
        } else {
            graph.add("Relu", ["planes"], to: "drawing")
        }
        return graph.encoded()
    }

    @Test("a pair with arithmetic per channel between is left out")
    func pair() throws {
        let file = Self.network()
        let sunk = try #require(TransposeSinking.sunk(file))
        #expect(Self.operations(file).filter { $0 == "Transpose" }.count == 2)
        #expect(!Self.operations(sunk).contains("Transpose"))
        #expect(TransposeSinking.sunk(sunk) == nil)
    }

    @Test("a pair is kept where somebody else reads what is between, or the arithmetic is per pixel")
    func kept() {
        #expect(TransposeSinking.sunk(Self.network(extraReader: true)) == nil)
        #expect(TransposeSinking.sunk(Self.network(perPixel: true)) == nil)
    }

    @Test("what is no .onnx file is left alone, whole or cut anywhere")
    func junk() {
        #expect(TransposeSinking.sunk(Data("this is no network".utf8)) == nil)
        let file = Self.network()
        for length in 0..<file.count { _ = TransposeSinking.sunk(file.prefix(length)) }
    }

    private static func operations(_ file: Data) -> [String] {
        let graph = ProtobufReader.fields(of: file)?.first { $0.number == 7 }?.bytes
        return graph.flatMap(ProtobufReader.fields)?.filter { $0.number == 1 }.compactMap { node in
            node.bytes.flatMap(ProtobufReader.fields)?.first { $0.number == 4 }?.text
        } ?? []
    }
}
