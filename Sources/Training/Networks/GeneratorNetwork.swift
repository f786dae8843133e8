internal import Model
internal import Foundation

/// The generator as training runs it: the same layers as inference (`GeneratorDescription.layers`), with the style code
/// applied as scale and shift per picture instead of folded into the weights.
final class GeneratorNetwork {
    let description: GeneratorDescription
    let parameters: Parameters
    private let layers: [Layer]

    /// What `draw` does between two layers: sees a layer's output and may replace it.
    typealias Observer = (Layer, TorchTensor) throws -> TorchTensor

    /// New weights from the seeded generator: He et al. (ICCV 2015, Eq. 14) for convolutions, smaller where a residual
    /// block, the modulation or what is added to the picture should begin as little.
    init(_ description: GeneratorDescription, _ torch: Torch) throws {
        self.description = description
        layers = description.layers
        parameters = Parameters(torch)
        for parameter in description.parameters {
            try parameters.add(
                parameter.name, shape: parameter.shape,
                deviation: Self.deviation(parameter.name, parameter.shape, isAdded: description.pictureSkip))
        }
    }

    /// Shares the description, with weights of its own kind: the moving average, say.
    init(_ description: GeneratorDescription, parameters: Parameters) {
        self.description = description
        layers = description.layers
        self.parameters = parameters
    }

    private static func deviation(_ name: String, _ shape: [Int], isAdded: Bool) -> Double {
        guard name.hasSuffix(".weight") else { return 0 }
        let inputs = Double(shape.dropFirst().reduce(1, *))
        let slope = Double(Layer.negativeSlope)
        let he = (2 / ((1 + slope * slope) * inputs)).squareRoot()
        if name.contains(".modulation.") { return 0.3 * he }
        if name.contains(".second.") { return 0.3 * he }
        if name.hasPrefix("out") { return (isAdded ? 0.1 : 0.5) * he }
        return he
    }

    /// Draws pictures [N, 3, H, W] on −1…1, sides multiples of `alignment`, each with its own style code: `codes` is
    /// [N, style dimensions]. The result is on −1…1 and in float32.
    ///
    /// - Parameter isClamped: false leaves values beyond −1…1 as they are, so that losses can pull them back.
    func draw(
        _ pictures: TorchTensor, codes: TorchTensor, isClamped: Bool = true, observer: Observer? = nil
    ) throws -> TorchTensor {
        let style = try styleVectors(codes)
        var outputs = [Layer.picture: try pictures.channelsLast()]
        var last = pictures
        for layer in layers {
            let inputs = layer.inputs.map { name -> TorchTensor in
                guard let tensor = outputs[name] else { preconditionFailure("layer '\(name)' comes later") }
                return tensor
            }
            last = try run(layer, inputs, style)
            if let observer { last = try observer(layer, last) }
            outputs[layer.name] = last
        }
        last = try last.float32()
        return isClamped ? try last.clamped(-1, 1) : last
    }

    /// `w = σ(mapping.1(σ(mapping.0(z))))` for each row.
    private func styleVectors(_ codes: TorchTensor) throws -> TorchTensor {
        try description.mapping.indices.reduce(codes) { vector, index in
            try linear("mapping.\(index)", vector).leakyReLU(Double(Layer.negativeSlope))
        }
    }

    private func run(_ layer: Layer, _ inputs: [TorchTensor], _ style: TorchTensor) throws -> TorchTensor {
        switch layer.operation {
        case .unshuffle: return try inputs[0].pixelUnshuffled(2).channelsLast()
        case .shuffle: return try inputs[0].pixelShuffled(2)
        case .add: return try inputs[0] + inputs[1]
        case .upsample:
            let shape = inputs[0].shape
            return try inputs[0].resized(height: shape[2] * 2, width: shape[3] * 2)
        case .convolution(let stride, let isModulated, let isActivated):
            let prefix = layer.convolutionPrefix
            var result = try inputs[0].convolved(
                parameters[prefix + ".weight"], parameters[prefix + ".bias"], stride: stride, padding: 1)
            if isModulated {
                let modulation = try linear(layer.name + ".modulation", style)
                let (pictures, channels) = (modulation.shape[0], layer.outputChannels)
                let scale = try modulation.narrowed(1, from: 0, length: channels).reshaped([pictures, channels, 1, 1])
                let shift = try modulation.narrowed(1, from: channels, length: channels)
                    .reshaped([pictures, channels, 1, 1])
                result = try result * (scale + 1) + shift
            }
            return isActivated ? try result.leakyReLU(Double(Layer.negativeSlope)) : result
        }
    }

    /// `x·weightᵀ + bias`
    private func linear(_ name: String, _ x: TorchTensor) throws -> TorchTensor {
        try x.matrixProduct(parameters[name + ".weight"].permuted([1, 0])) + parameters[name + ".bias"]
    }
}
