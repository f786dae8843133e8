package import Foundation

/// VGG16 as an ONNX graph for pictures of one size. Takes 8-bit RGB, [1, height, width, 3]; gives the features asked for
/// in that order, each [1, channels, height', width'] in 32-bit floating point. What comes after the last is left out.
package enum VGGGraph {
    /// The bytes of an .onnx file.
    package static func encoded(
        _ weights: VGGWeights, features: [VGGDescription.Feature], width: Int, height: Int
    ) -> Data {
        precondition(!features.isEmpty)
        let description = weights.description
        var graph = ONNXGraph(name: "vgg16")
        graph.addInput("picture", .uint8, [1, .fixed(height), .fixed(width), 3])
        for feature in features {
            let shape = description.shape(of: feature, width: width, height: height)
            graph.addOutput(
                feature.rawValue, .float32, [1, .fixed(shape.channels), .fixed(shape.height), .fixed(shape.width)])
        }
        addEdge(to: &graph)
        let wanted = Set(features.map { description.convolution(of: $0).name })
        let convolutions = description.convolutions
        let last = convolutions.lastIndex { wanted.contains($0.name) } ?? 0
        var input = "centred"
        for convolution in convolutions[...last] {
            if convolution.number == 1, convolution.block > 1 {
                input = graph.add(
                    "MaxPool", [input], to: "pool\(convolution.block - 1)",
                    [("kernel_shape", .ints([2, 2])), ("strides", .ints([2, 2]))])
            }
            input = add(convolution, weights, to: &graph, from: input)
        }
        return graph.encoded()
    }

    /// RGB becomes BGR in the first convolution's weights; the mean is subtracted here, since padding comes after it.
    private static func addEdge(to graph: inout ONNXGraph) {
        graph.add("Transpose", ["picture"], to: "planes", [("perm", .ints([0, 3, 1, 2]))])
        graph.add("Cast", ["planes"], to: "levels", [("to", .int(1))])
        graph.addConstant("mean", shape: [1, 3, 1, 1], VGGDescription.mean.reversed())
        graph.add("Sub", ["levels", "mean"], to: "centred")
    }

    private static func add(
        _ convolution: VGGDescription.Convolution, _ weights: VGGWeights, to graph: inout ONNXGraph, from input: String
    ) -> String {
        let name = convolution.name
        guard let weight = weights.tensors[name + ".weight"], let bias = weights.tensors[name + ".bias"] else {
            preconditionFailure("'\(name)' was checked when the weights were read")
        }
        let isFirst = convolution.block == 1 && convolution.number == 1
        graph.addConstant(name + ".weight", shape: weight.shape, isFirst ? forRGB(weight) : weight.values)
        graph.addConstant(name + ".bias", shape: bias.shape, bias.values)
        graph.add(
            "Conv", [input, name + ".weight", name + ".bias"], to: name,
            [("kernel_shape", .ints([3, 3])), ("pads", .ints([1, 1, 1, 1]))])
        return graph.add("Relu", [name], to: "relu" + name.dropFirst("conv".count))
    }

    /// The weights of the first convolution with its input channels in the opposite order.
    private static func forRGB(_ weight: Tensor) -> [Float] {
        weight.values.indices.map { index in
            let (output, input, tap) = (index / 27, index / 9 % 3, index % 9)
            return weight.values[output * 27 + (2 - input) * 9 + tap]
        }
    }
}
