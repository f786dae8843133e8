internal import Model

/// A patch discriminator (PatchGAN, Isola et al., CVPR 2017): convolutions that judge every patch of a picture, here as
/// AnimeGAN arranges them (3×3; one at each size, one that halves), with spectral normalization (Miyato et al., ICLR 2018,
/// Algorithm 1) in place of any norm over the picture; at several scales (Wang et al., "pix2pixHD", CVPR 2018, Section
/// 3.2), each with weights of its own.
final class Discriminator {
    private struct Stage {
        let name: String
        let inputs: Int
        let outputs: Int
        let stride: Int
        let isLast: Bool

        /// Spectral norms of 1 would shrink activations from layer to layer; two keeps their size. The last one's is lower,
        /// so that the first judgements lie near the middle: at two, least squares began at 80 instead of 1, and the first
        /// hundred steps went into becoming calm.
        var gain: Double { isLast ? 0.3 : 2 }
    }

    let parameters: Parameters
    /// The left singular vectors that the power iteration carries from step to step; not learned, but part of the state.
    let directions: Parameters
    /// By scale, the largest first.
    private let scales: [[Stage]]
    private let torch: Torch

    /// - Parameters:
    ///   - width: channels of the first convolutions; the widest have four times as many.
    ///   - halvings: for every scale how often it halves what it sees. The first sees the picture, each further one a
    ///     picture of half the size: `[2]` is AnimeGAN's, and sees patches of 29 pixels.
    init(width: Int, halvings: [Int], _ torch: Torch) throws {
        precondition(!halvings.isEmpty)
        self.torch = torch
        scales = halvings.enumerated().map { scale, halvings in
            let prefix = "scale\(scale)."
            var channels = width
            var stages = [Stage(name: prefix + "first", inputs: 3, outputs: width, stride: 1, isLast: false)]
            for halving in 0..<halvings {
                let wider = min(2 * channels, 4 * width)
                stages += [
                    Stage(name: prefix + "down\(halving)", inputs: channels, outputs: wider, stride: 2, isLast: false),
                    Stage(name: prefix + "wide\(halving)", inputs: wider, outputs: wider, stride: 1, isLast: false),
                ]
                channels = wider
            }
            return stages + [Stage(name: prefix + "last", inputs: channels, outputs: 1, stride: 1, isLast: true)]
        }
        parameters = Parameters(torch)
        directions = Parameters(torch)
        for stage in scales.joined() {
            let inputs = stage.inputs * 9
            try parameters.add(
                stage.name + ".weight", shape: [stage.outputs, stage.inputs, 3, 3],
                deviation: (2 / Double(inputs)).squareRoot())
            try parameters.add(stage.name + ".bias", .full(stage.isLast ? 0.5 : 0, shape: [stage.outputs], torch))
            try directions.add(stage.name, TorchTensor.normal([1, stage.outputs], torch))
        }
    }

    /// Weights with spectral norm 1, to be used for all judgements of a step; `advances` takes one power iteration.
    func normalizedWeights(advances: Bool) throws -> [String: TorchTensor] {
        var weights: [String: TorchTensor] = [:]
        for stage in scales.joined() {
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

    /// Judges pictures [N, 3, H, W] on −1…1: for every scale one number for each patch, [N, 1, h, w] in float32; towards 1
    /// is art.
    func judge(_ pictures: TorchTensor, _ weights: [String: TorchTensor]) throws -> [TorchTensor] {
        var seen = try pictures.channelsLast()
        return try scales.enumerated().map { scale, stages in
            if scale > 0 { seen = try seen.averagePooled(2) }
            var x = seen
            for stage in stages {
                guard let weight = weights[stage.name] else { preconditionFailure("weights of another discriminator") }
                x = try x.convolved(weight, nil, stride: stage.stride, padding: 1) * stage.gain
                x = try x + parameters[stage.name + ".bias"].reshaped([1, stage.outputs, 1, 1])
                if !stage.isLast { x = try x.leakyReLU(0.2) }
            }
            return try x.float32()
        }
    }

    private static func unit(_ row: TorchTensor) throws -> TorchTensor {
        try row / (row.squared().sum().squareRoot() + 1e-12)
    }
}
