package import Foundation

/// A generator as an ONNX graph for pictures of one size and one style code, which is folded into the convolutions so
/// that it costs nothing per frame.
package struct GeneratorGraph {
    /// What the graph takes and gives.
    package enum Edges: String, Sendable {
        /// 8-bit RGB, [1, height, width, 3], both ways; scale, layout, rounding and clipping are part of the graph.
        case bytes
        /// 32-bit floating-point RGB on −1…1, [1, 3, height, width], both ways.
        case float
    }

    /// Name of the graph's one input.
    package static let inputName = "input"
    /// Name of the graph's one output.
    package static let outputName = "output"

    /// The bytes of an .onnx file for pictures of `width`×`height` pixels, both multiples of the description's alignment.
    package static func encoded(
        _ weights: GeneratorWeights, style: StyleCode, width: Int, height: Int, edges: Edges
    ) -> Data {
        let description = weights.description
        precondition(width % description.alignment == 0 && height % description.alignment == 0)
        var graph = ONNXGraph(name: "generator")
        let vector = weights.styleVector(style)
        let size = Size(width: width, height: height)
        addInput(to: &graph, edges, size)
        for layer in description.layers {
            switch layer.operation {
            case .unshuffle: addUnshuffle(to: &graph, layer, edges, size)
            case .convolution(let stride, _, let activated):
                let convolution = weights.convolution(of: layer, style: vector)
                add(layer, convolution, stride: stride, activated: activated, to: &graph)
            case .upsample:
                graph.addConstant(layer.name + ".scales", shape: [4], [1, 1, 2, 2])
                graph.add(
                    "Resize", [layer.inputs[0], "", layer.name + ".scales"], to: layer.name,
                    [("mode", .string("linear")), ("coordinate_transformation_mode", .string("half_pixel"))])
            case .add: graph.add("Add", layer.inputs, to: layer.name)
            case .shuffle: addShuffle(to: &graph, layer, edges)
            }
        }
        return graph.encoded()
    }

    private struct Size {
        let width: Int
        let height: Int
    }

    private static func add(
        _ layer: Layer, _ convolution: GeneratorWeights.Convolution, stride: Int, activated: Bool,
        to graph: inout ONNXGraph
    ) {
        let name = layer.name
        graph.addConstant(name + ".weight", shape: convolution.weight.shape, convolution.weight.values)
        graph.addConstant(name + ".bias", shape: convolution.bias.shape, convolution.bias.values)
        graph.add(
            "Conv", [layer.inputs[0], name + ".weight", name + ".bias"], to: activated ? name + ".linear" : name,
            [
                ("kernel_shape", .ints([Layer.kernelSide, Layer.kernelSide])),
                ("pads", .ints([1, 1, 1, 1])), ("strides", .ints([stride, stride])),
            ])
        if activated {
            graph.add("LeakyRelu", [name + ".linear"], to: name, [("alpha", .float(Layer.negativeSlope))])
        }
    }

    // MARK: - Edges

    private static func addInput(to graph: inout ONNXGraph, _ edges: Edges, _ size: Size) {
        let (width, height) = (ONNXGraph.Dimension.fixed(size.width), ONNXGraph.Dimension.fixed(size.height))
        switch edges {
        case .bytes:
            graph.addInput(inputName, .uint8, [1, height, width, 3])
            graph.addOutput(outputName, .uint8, [1, height, width, 3])
        case .float:
            graph.addInput(inputName, .float32, [1, 3, height, width])
            graph.addOutput(outputName, .float32, [1, 3, height, width])
        }
    }

    /// ONNX's `SpaceToDepth` has another channel order than PyTorch's unshuffle, so it is spelled out as reshape,
    /// transpose, reshape; with 8-bit edges in bytes, which are moved at a quarter of the cost of numbers.
    private static func addUnshuffle(to graph: inout ONNXGraph, _ layer: Layer, _ edges: Edges, _ size: Size) {
        let (rows, columns) = (size.height / 2, size.width / 2)
        let squares: [Int]
        let order: [Int]
        switch edges {
        case .bytes: (squares, order) = ([1, rows, 2, columns, 2, 3], [0, 5, 2, 4, 1, 3])
        case .float: (squares, order) = ([1, 3, rows, 2, columns, 2], [0, 1, 3, 5, 2, 4])
        }
        graph.addConstant("unshuffle.squares.shape", squares)
        graph.addConstant("unshuffle.shape", [1, 12, rows, columns])
        graph.add("Reshape", [inputName, "unshuffle.squares.shape"], to: "unshuffle.squares")
        graph.add("Transpose", ["unshuffle.squares"], to: "unshuffle.planes", [("perm", .ints(order))])
        guard edges == .bytes else {
            graph.add("Reshape", ["unshuffle.planes", "unshuffle.shape"], to: layer.name)
            return
        }
        graph.add("Reshape", ["unshuffle.planes", "unshuffle.shape"], to: "unshuffle.bytes")
        graph.add("Cast", ["unshuffle.bytes"], to: "unshuffle.numbers", [("to", .int(1))])
        graph.addConstant("unshuffle.scale", shape: [1], [1 / 127.5])
        graph.addConstant("unshuffle.offset", shape: [1], [-1])
        graph.add("Mul", ["unshuffle.numbers", "unshuffle.scale"], to: "unshuffle.scaled")
        graph.add("Add", ["unshuffle.scaled", "unshuffle.offset"], to: layer.name)
    }

    /// Clamps to −1…1 and shuffles; with 8-bit edges `clip(round((y + 1)·127.5), 0, 255)` first, then bytes are moved.
    private static func addShuffle(to graph: inout ONNXGraph, _ layer: Layer, _ edges: Edges) {
        let input = layer.inputs[0]
        let shuffle: [(String, ONNXGraph.Attribute)] = [("blocksize", .int(2)), ("mode", .string("CRD"))]
        let (least, most): (Float, Float) = edges == .bytes ? (0, 255) : (-1, 1)
        graph.addConstant("shuffle.least", shape: [], [least])
        graph.addConstant("shuffle.most", shape: [], [most])
        guard edges == .bytes else {
            graph.add("DepthToSpace", [input], to: layer.name, shuffle)
            graph.add("Clip", [layer.name, "shuffle.least", "shuffle.most"], to: outputName)
            return
        }
        graph.addConstant("shuffle.scale", shape: [1], [127.5])
        graph.addConstant("shuffle.offset", shape: [1], [127.5])
        graph.add("Mul", [input, "shuffle.scale"], to: "shuffle.scaled")
        graph.add("Add", ["shuffle.scaled", "shuffle.offset"], to: "shuffle.levels")
        graph.add("Round", ["shuffle.levels"], to: "shuffle.rounded")
        graph.add("Clip", ["shuffle.rounded", "shuffle.least", "shuffle.most"], to: "shuffle.clipped")
        graph.add("Cast", ["shuffle.clipped"], to: "shuffle.bytes", [("to", .int(2))])
        graph.add("DepthToSpace", ["shuffle.bytes"], to: layer.name, shuffle)
        graph.add("Transpose", [layer.name], to: outputName, [("perm", .ints([0, 2, 3, 1]))])
    }
}
