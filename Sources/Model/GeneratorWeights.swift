internal import Frames

/// A generator's weights, checked against its description: every tensor is there, has its shape, and is finite.
package struct GeneratorWeights: Sendable {
    package let description: GeneratorDescription
    package let tensors: [String: Tensor]

    /// - Throws: `.data`, naming the tensor, and the shapes found and expected.
    package init(_ file: Safetensors, description: GeneratorDescription) throws {
        var tensors: [String: Tensor] = [:]
        for parameter in description.parameters {
            guard let tensor = file.tensors[parameter.name] else {
                throw SakugaError(.data, "tensor '\(parameter.name)' is missing")
            }
            guard tensor.shape == parameter.shape else {
                throw SakugaError(
                    .data, "tensor '\(parameter.name)' has shape \(tensor.shape), expected \(parameter.shape)")
            }
            guard tensor.values.allSatisfy(\.isFinite) else {
                throw SakugaError(
                    .data, "tensor '\(parameter.name)' holds numbers that are not finite (NaN or infinity)")
            }
            tensors[parameter.name] = tensor
        }
        self.description = description
        self.tensors = tensors
    }

    /// A convolution with the style code folded in.
    package struct Convolution: Sendable {
        /// Shape [output, input, 3, 3].
        package let weight: Tensor
        /// Shape [output].
        package let bias: Tensor
    }

    /// The weights of a convolution layer for one style vector: `conv(x)·(1+γ) + β` is a convolution with
    /// `weight·(1+γ)` and `bias·(1+γ) + β`.
    package func convolution(of layer: Layer, style: [Float]) -> Convolution {
        let weight = parameter(layer.convolutionPrefix + ".weight")
        let bias = parameter(layer.convolutionPrefix + ".bias")
        guard case .convolution(_, true, _) = layer.operation else { return Convolution(weight: weight, bias: bias) }
        let modulation = linear(layer.name + ".modulation", style)
        let outputs = layer.outputChannels
        let perOutput = weight.values.count / outputs
        var folded = weight.values
        var shifted = bias.values
        for output in 0..<outputs {
            let scale = 1 + modulation[output]
            for index in 0..<perOutput { folded[output * perOutput + index] *= scale }
            shifted[output] = shifted[output] * scale + modulation[outputs + output]
        }
        return Convolution(
            weight: Tensor(shape: weight.shape, values: folded), bias: Tensor(shape: bias.shape, values: shifted))
    }

    /// The style vector `w` of a style code: `σ(mapping.1(σ(mapping.0(z))))`.
    package func styleVector(_ code: StyleCode) -> [Float] {
        precondition(code.values.count == description.styleDimensions)
        return description.mapping.indices.reduce(code.values) { vector, index in
            linear("mapping.\(index)", vector).map { $0 < 0 ? $0 * Layer.negativeSlope : $0 }
        }
    }

    /// `weight·x + bias`, summed in double precision.
    private func linear(_ name: String, _ x: [Float]) -> [Float] {
        let weight = parameter(name + ".weight").values
        return parameter(name + ".bias").values.enumerated().map { row, bias in
            Float(x.indices.reduce(Double(bias)) { $0 + Double(weight[row * x.count + $1]) * Double(x[$1]) })
        }
    }

    private func parameter(_ name: String) -> Tensor {
        guard let tensor = tensors[name] else {
            preconditionFailure("'\(name)' was checked when the weights were read")
        }
        return tensor
    }
}
