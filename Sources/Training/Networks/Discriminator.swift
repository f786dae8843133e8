internal import Model

/// A patch discriminator (PatchGAN, Isola et al., CVPR 2017): convolutions that judge every patch of a picture, here as
/// AnimeGAN arranges them (3×3; strides 2 twice), with spectral normalization (Miyato et al., ICLR 2018, Algorithm 1) in
/// place of any norm over the picture.
final class Discriminator {
    private struct Stage {
        let name: String
        let inputs: Int
        let outputs: Int
        let stride: Int
        let isActivated: Bool
    }

    let parameters: Parameters
    /// The left singular vectors that the power iteration carries from step to step; not learned, but part of the state.
    let directions: Parameters
    private let stages: [Stage]
    private let torch: Torch

    /// - Parameter width: channels of the first convolution; the last ones have four times as many.
    init(width: Int, _ torch: Torch) throws {
        self.torch = torch
        stages = [
            Stage(name: "first", inputs: 3, outputs: width, stride: 1, isActivated: true),
            Stage(name: "half.down", inputs: width, outputs: 2 * width, stride: 2, isActivated: true),
            Stage(name: "half.wide", inputs: 2 * width, outputs: 2 * width, stride: 1, isActivated: true),
            Stage(name: "quarter.down", inputs: 2 * width, outputs: 4 * width, stride: 2, isActivated: true),
            Stage(name: "quarter.wide", inputs: 4 * width, outputs: 4 * width, stride: 1, isActivated: true),
            Stage(name: "last", inputs: 4 * width, outputs: 1, stride: 1, isActivated: false),
        ]
        parameters = Parameters(torch)
        directions = Parameters(torch)
        for stage in stages {
            let inputs = stage.inputs * 9
            try parameters.add(
                stage.name + ".weight", shape: [stage.outputs, stage.inputs, 3, 3],
                deviation: (2 / Double(inputs)).squareRoot())
            try parameters.add(stage.name + ".bias", shape: [stage.outputs], deviation: 0)
            try directions.add(stage.name, TorchTensor.normal([1, stage.outputs], torch))
        }
    }

    /// Weights with spectral norm 1, to be used for all judgements of a step; `advances` takes one power iteration.
    func normalizedWeights(advances: Bool) throws -> [String: TorchTensor] {
        var weights: [String: TorchTensor] = [:]
        for stage in stages {
            let weight = parameters[stage.name + ".weight"]
            let matrix = try weight.reshaped([stage.outputs, stage.inputs * 9])
            let direction = directions[stage.name]
            let (left, right) = try torch.withoutGradients {
                let right = try Self.unit(direction.matrixProduct(matrix))
                let left = try Self.unit(right.matrixProduct(matrix.permuted([1, 0])))
                if advances { try direction.copy(from: left) }
                return (try left.cloned(), try right.cloned())
            }
            let norm = try left.matrixProduct(matrix).matrixProduct(right.permuted([1, 0])).reshaped([1, 1, 1, 1])
            weights[stage.name] = try weight / norm
        }
        return weights
    }

    /// Judges pictures [N, 3, H, W] on −1…1: one number for each patch, [N, 1, H/4, W/4] in float32; towards 1 is art.
    func judge(_ pictures: TorchTensor, _ weights: [String: TorchTensor]) throws -> TorchTensor {
        var x = try pictures.channelsLast()
        for stage in stages {
            guard let weight = weights[stage.name] else { preconditionFailure("weights of another discriminator") }
            // The gain keeps the size of activations, which spectral norms of 1 would shrink from layer to layer.
            x = try x.convolved(weight, nil, stride: stage.stride, padding: 1) * 2
            x = try x + parameters[stage.name + ".bias"].reshaped([1, stage.outputs, 1, 1])
            if stage.isActivated { x = try x.leakyReLU(0.2) }
        }
        return try x.float32()
    }

    private static func unit(_ row: TorchTensor) throws -> TorchTensor {
        try row / (row.squared().sum().squareRoot() + 1e-12)
    }
}
