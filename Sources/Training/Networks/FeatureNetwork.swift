package import Model

/// The convolutions of VGG16 (Simonyan & Zisserman, ICLR 2015), frozen: what losses see of a picture. The weights come
/// from `make vgg`.
package final class FeatureNetwork {
    /// A convolution whose output, after its ReLU, is a feature.
    package enum Stage: String, CaseIterable, Sendable, Codable {
        case conv11 = "conv1_1"
        case conv12 = "conv1_2"
        case conv21 = "conv2_1"
        case conv22 = "conv2_2"
        case conv31 = "conv3_1"
        case conv32 = "conv3_2"
        case conv33 = "conv3_3"
        case conv41 = "conv4_1"
        case conv42 = "conv4_2"
        case conv43 = "conv4_3"

        var isFirstOfBlock: Bool { rawValue.hasSuffix("_1") && self != .conv11 }
    }

    private let weights: [Stage: (weight: TorchTensor, bias: TorchTensor)]
    private let mean: TorchTensor

    package init(_ vgg: VGGWeights, _ torch: Torch) throws {
        func tensor(_ name: String) throws -> TorchTensor {
            guard let tensor = vgg.tensors[name] else { preconditionFailure("'\(name)' was checked when it was read") }
            return try .floats(tensor.values, shape: tensor.shape, torch)
        }
        var weights: [Stage: (weight: TorchTensor, bias: TorchTensor)] = [:]
        for stage in Stage.allCases {
            weights[stage] = (
                try tensor(stage.rawValue + ".weight").channelsLast(), try tensor(stage.rawValue + ".bias")
            )
        }
        self.weights = weights
        mean = try .floats(VGGDescription.mean, shape: [1, 3, 1, 1], torch)
    }

    /// Channels of some of the stages, in running order.
    func widths(at stages: Set<Stage>) -> [Int] {
        Stage.allCases.filter(stages.contains).compactMap { weights[$0]?.bias.count }
    }

    /// Features of pictures [N, 3, H, W], RGB on −1…1, at the stages asked for.
    func features(of pictures: TorchTensor, at stages: Set<Stage>) throws -> [Stage: TorchTensor] {
        let planes = try (0..<3).reversed().map { try pictures.narrowed(1, from: $0, length: 1) }
        var x = try ((TorchTensor.concatenated(planes, along: 1) + 1) * 127.5 - mean).channelsLast()
        var found: [Stage: TorchTensor] = [:]
        for stage in Stage.allCases where found.count < stages.count {
            guard let (weight, bias) = weights[stage] else { continue }
            if stage.isFirstOfBlock { x = try x.maxPooled(2) }
            x = try x.convolved(weight, bias, padding: 1).relu()
            if stages.contains(stage) { found[stage] = x }
        }
        return found
    }
}
