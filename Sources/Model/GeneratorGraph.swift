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
        let alignment = weights.description.alignment
        precondition(width % alignment == 0 && height % alignment == 0)
        return encoded(weights, style: style, size: Size(width: width, height: height), edges: edges)
    }

    /// The bytes of an .onnx file for pictures of any size whose sides are multiples of the description's alignment,
    /// with 8-bit edges. It draws what the graph for that size draws.
    package static func encoded(_ weights: GeneratorWeights, style: StyleCode) -> Data {
        encoded(weights, style: style, size: nil, edges: .bytes)
    }

    private static func encoded(
        _ weights: GeneratorWeights, style: StyleCode, size: Size?, edges: Edges
    ) -> Data {
        let description = weights.description
        var graph = ONNXGraph(name: "generator")
        let vector = weights.styleVector(style)
        addInput(to: &graph, edges, size)
        if description.layers.first?.operation != .unshuffle { addPicture(to: &graph, edges) }
        for layer in description.layers {
            switch layer.operation {
            case .unshuffle:
                if let size {
                    addUnshuffle(to: &graph, layer, edges, size)
                } else {
                    addUnshuffleOfAnySize(to: &graph, layer)
                }
            case .convolution(let stride, _, let activated):
                let convolution = weights.convolution(of: layer, style: vector)
                add(layer, convolution, stride: stride, activated: activated, to: &graph)
            case .upsample:
                graph.addConstant(layer.name + ".scales", shape: [4], [1, 1, 2, 2])
                graph.add(
                    "Resize", [layer.inputs[0], "", layer.name + ".scales"], to: layer.name,
                    [("mode", .string("linear")), ("coordinate_transformation_mode", .string("half_pixel"))])
            case .add: graph.add("Add", layer.inputs, to: layer.name)
            case .shuffle:
                graph.add(
                    "DepthToSpace", [addLevels(to: &graph, of: layer.inputs[0], edges)], to: layer.name,
                    [("blocksize", .int(2)), ("mode", .string("CRD"))])
            }
        }
        if let last = description.layers.last {
            let isShuffled = last.operation == .shuffle
            let drawing = isShuffled ? last.name : addLevels(to: &graph, of: last.name, edges)
            addOutput(to: &graph, of: drawing, edges)
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

    private static func addInput(to graph: inout ONNXGraph, _ edges: Edges, _ size: Size?) {
        let width = size.map { ONNXGraph.Dimension.fixed($0.width) } ?? "width"
        let height = size.map { ONNXGraph.Dimension.fixed($0.height) } ?? "height"
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
        addNumbers(to: &graph, of: "unshuffle.bytes", as: layer.name)
    }

    /// The same for 8-bit edges without naming rows and columns: a reshape copies a length in its place (0) and works out
    /// one more (−1), so the rows' and the columns' pairs are taken apart one after the other.
    private static func addUnshuffleOfAnySize(to graph: inout ONNXGraph, _ layer: Layer) {
        func reshape(_ input: String, _ shape: [Int], to output: String) {
            graph.addConstant(output + ".shape", shape)
            graph.add("Reshape", [input, output + ".shape"], to: output)
        }
        func transpose(_ input: String, _ order: [Int], to output: String) {
            graph.add("Transpose", [input], to: output, [("perm", .ints(order))])
        }
        reshape(inputName, [0, 0, -1, 6], to: "unshuffle.columns")
        transpose("unshuffle.columns", [0, 2, 3, 1], to: "unshuffle.turned")
        reshape("unshuffle.turned", [0, 0, 0, -1, 2], to: "unshuffle.rows")
        reshape("unshuffle.rows", [0, 0, 2, 3, -1, 2], to: "unshuffle.squares")
        transpose("unshuffle.squares", [0, 4, 1, 3, 5, 2], to: "unshuffle.ordered")
        reshape("unshuffle.ordered", [0, 0, 0, 12], to: "unshuffle.cells")
        transpose("unshuffle.cells", [0, 3, 1, 2], to: "unshuffle.bytes")
        addNumbers(to: &graph, of: "unshuffle.bytes", as: layer.name)
    }

    /// Without unshuffling: the picture as numbers in planes.
    private static func addPicture(to graph: inout ONNXGraph, _ edges: Edges) {
        switch edges {
        case .bytes:
            graph.add("Transpose", [inputName], to: "picture.bytes", [("perm", .ints([0, 3, 1, 2]))])
            addNumbers(to: &graph, of: "picture.bytes", as: Layer.picture)
        case .float: graph.add("Identity", [inputName], to: Layer.picture)
        }
    }

    /// Levels 0…255 as numbers −1…1.
    private static func addNumbers(to graph: inout ONNXGraph, of bytes: String, as name: String) {
        graph.add("Cast", [bytes], to: "numbers", [("to", .int(1))])
        graph.addConstant("numbers.scale", shape: [1], [1 / 127.5])
        graph.addConstant("numbers.offset", shape: [1], [-1])
        graph.add("Mul", ["numbers", "numbers.scale"], to: "numbers.scaled")
        graph.add("Add", ["numbers.scaled", "numbers.offset"], to: name)
    }

    /// What comes out: numbers clamped to −1…1, or with 8-bit edges `clip(round((y + 1)·127.5), 0, 255)`; bytes are
    /// cheaper to move than numbers, so this comes before shuffling.
    private static func addLevels(to graph: inout ONNXGraph, of numbers: String, _ edges: Edges) -> String {
        let (least, most): (Float, Float) = edges == .bytes ? (0, 255) : (-1, 1)
        graph.addConstant("levels.least", shape: [], [least])
        graph.addConstant("levels.most", shape: [], [most])
        guard edges == .bytes else {
            graph.add("Clip", [numbers, "levels.least", "levels.most"], to: "levels")
            return "levels"
        }
        graph.addConstant("levels.scale", shape: [1], [127.5])
        graph.addConstant("levels.offset", shape: [1], [127.5])
        graph.add("Mul", [numbers, "levels.scale"], to: "levels.scaled")
        graph.add("Add", ["levels.scaled", "levels.offset"], to: "levels.shifted")
        graph.add("Round", ["levels.shifted"], to: "levels.rounded")
        graph.add("Clip", ["levels.rounded", "levels.least", "levels.most"], to: "levels.clipped")
        graph.add("Cast", ["levels.clipped"], to: "levels", [("to", .int(2))])
        return "levels"
    }

    private static func addOutput(to graph: inout ONNXGraph, of drawing: String, _ edges: Edges) {
        switch edges {
        case .bytes: graph.add("Transpose", [drawing], to: outputName, [("perm", .ints([0, 2, 3, 1]))])
        case .float: graph.add("Identity", [drawing], to: outputName)
        }
    }
}
