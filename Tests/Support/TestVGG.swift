package import Model

/// A narrow VGG16 with made-up weights: for tests, which have no network.
package enum TestVGG {
    package static let description = VGGDescription(widths: [4, 5, 6, 7, 3])

    package static func file(_ description: VGGDescription = description) -> Safetensors {
        var numbers = SplitMix64(state: 5)
        var tensors: [String: Tensor] = [:]
        for convolution in description.convolutions {
            let shape = [convolution.outputs, convolution.inputs, 3, 3]
            // He's initialization keeps the strength of signals from layer to layer.
            let size = (6 / Double(convolution.inputs * 9)).squareRoot()
            func some(_ count: Int, _ size: Double) -> [Float] {
                (0..<count).map { _ in Float(numbers.uniform(in: -size...size)) }
            }
            tensors[convolution.name + ".weight"] = Tensor(shape: shape, values: some(shape.reduce(1, *), size))
            tensors[convolution.name + ".bias"] = Tensor(
                shape: [convolution.outputs], values: some(convolution.outputs, 5))
        }
        return Safetensors(tensors: tensors)
    }

    package static func weights() throws -> VGGWeights { try VGGWeights(file(), description: description) }
}
