package import Frames
package import Model

/// The convolutions of VGG16 (Simonyan & Zisserman, ICLR 2015), frozen: what losses see of a picture. The weights come
/// from `make vgg`; its input is BGR on 0…255 less the mean of ImageNet.
package final class FeatureNetwork {
    /// A convolution whose output, after its ReLU, is a feature.
    package enum Stage: String, CaseIterable, Sendable, Codable {
        case conv1_1, conv1_2, conv2_1, conv2_2, conv3_1, conv3_2, conv3_3, conv4_1, conv4_2, conv4_3

        var isFirstOfBlock: Bool { rawValue.hasSuffix("_1") && self != .conv1_1 }
        static let channels: [Stage: (Int, Int)] = [
            .conv1_1: (3, 64), .conv1_2: (64, 64), .conv2_1: (64, 128), .conv2_2: (128, 128), .conv3_1: (128, 256),
            .conv3_2: (256, 256), .conv3_3: (256, 256), .conv4_1: (256, 512), .conv4_2: (512, 512),
            .conv4_3: (512, 512),
        ]
    }

    private let weights: [Stage: (weight: TorchTensor, bias: TorchTensor)]
    private let mean: TorchTensor

    /// - Throws: `.data`, naming a tensor that is missing or has another shape.
    package init(_ file: Safetensors, _ torch: Torch) throws {
        var weights: [Stage: (weight: TorchTensor, bias: TorchTensor)] = [:]
        for stage in Stage.allCases {
            let (inputs, outputs) = Stage.channels[stage] ?? (0, 0)
            func tensor(_ suffix: String, _ shape: [Int]) throws -> TorchTensor {
                guard let tensor = file.tensors[stage.rawValue + suffix], tensor.shape == shape else {
                    throw SakugaError(
                        .data, "the features' weights have no tensor '\(stage.rawValue + suffix)' of shape \(shape)",
                        hint: "make them with `make vgg`")
                }
                return try .floats(tensor.values, shape: shape, torch)
            }
            weights[stage] = (
                try tensor(".weight", [outputs, inputs, 3, 3]).channelsLast(), try tensor(".bias", [outputs])
            )
        }
        self.weights = weights
        mean = try .floats([103.939, 116.779, 123.68], shape: [1, 3, 1, 1], torch)
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
