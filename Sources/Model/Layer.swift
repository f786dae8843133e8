/// One step of a generator: it reads what earlier steps made and makes one tensor of its own.
///
/// A list of layers in running order is all that the graph, the parameter count, the operation count and the receptive
/// field are computed from.
package struct Layer: Sendable, Equatable {
    package enum Operation: Sendable, Equatable {
        /// Gathers each 2×2 square of pixels into channels, in PyTorch's order `c·4 + 2·dy + dx`.
        case unshuffle
        /// A 3×3 convolution with zero padding 1 on all sides.
        ///
        /// - `modulated`: scaled and shifted per output channel by the style code.
        /// - `activated`: followed by a leaky ReLU with slope 0.2.
        case convolution(stride: Int, modulated: Bool, activated: Bool)
        /// Doubles both sides, bilinear with half-pixel centres.
        case upsample
        /// Sum of two tensors of one shape.
        case add
        /// The inverse of `unshuffle`.
        case shuffle
    }

    /// Name of the layer and of what it makes; for a convolution also the prefix of its tensors.
    package let name: String
    package let operation: Operation
    /// Names of the layers read, or `Layer.picture`.
    package let inputs: [String]
    package let inputChannels: Int
    package let outputChannels: Int
    /// What the sides of the picture are divided by at this layer's output: 1, 2, 4, …
    package let reduction: Int

    /// The name under which the first layer reads the picture: 3 channels on −1…1.
    package static let picture = "picture"
    /// Side of every convolution kernel, in pixels.
    package static let kernelSide = 3
    /// Slope of the leaky ReLU below zero.
    package static let negativeSlope: Float = 0.2
}

extension Layer {
    /// A tensor that the weights file must hold for this layer.
    package struct Parameter: Sendable, Equatable {
        package let name: String
        package let shape: [Int]
    }

    /// Prefix of the convolution's own tensors: `L.conv` beside `L.modulation`, plain `L` where there is no modulation.
    package var convolutionPrefix: String {
        if case .convolution(_, true, _) = operation { return name + ".conv" }
        return name
    }

    /// The tensors of this layer; `styleWidth` is the length of the mapped style code.
    package func parameters(styleWidth: Int) -> [Parameter] {
        guard case .convolution(_, let modulated, _) = operation else { return [] }
        let prefix = convolutionPrefix
        var parameters = [
            Parameter(
                name: prefix + ".weight", shape: [outputChannels, inputChannels, Layer.kernelSide, Layer.kernelSide]),
            Parameter(name: prefix + ".bias", shape: [outputChannels]),
        ]
        if modulated {
            parameters += [
                Parameter(name: name + ".modulation.weight", shape: [2 * outputChannels, styleWidth]),
                Parameter(name: name + ".modulation.bias", shape: [2 * outputChannels]),
            ]
        }
        return parameters
    }
}
