internal import Model

/// Style as a distribution: how far the drawings as a whole are from the art as a whole, in the means and deviations of
/// VGG16's channels over a crop (the style statistics of Li et al., "Demystifying Neural Style Transfer", IJCAI 2017), in
/// colour. The distance is the squared maximum mean discrepancy (Gretton et al., "A Kernel Two-Sample Test", JMLR 2012,
/// Eq. 3) with the cubic kernel of Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, §4, for D statistics:
///
///     k(x, y) = (x·y/D + 1)³,    MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y)
///
/// Unlike Gram matrices of single pictures it lets a sky look like drawn skies and a roof like drawn roofs, as long as
/// skies and roofs together look like the art. A step has few drawings, so `x'` are those of the last steps, from memory;
/// the loss, `2 (E k(x, x') − E k(x, y))`, has the gradient of MMD², and is smaller than MMD² by what no drawing changes.
final class DiscrepancyLoss {
    /// Where statistics are taken.
    static let stages: Set<FeatureNetwork.Stage> = [.conv12, .conv22, .conv33, .conv43]
    /// Crops of art, and of photographs, that are looked at before a training begins.
    private static let examples = 256
    private static let chunk = 8
    /// No statistic is divided by less than this share of the mean deviation of its kind: it would only be noise.
    private static let leastShare = 0.1

    /// Standardized statistics of the last drawings, newest first, [M, D]; at the beginning of photographs.
    let memory: TorchTensor
    private let art: TorchTensor
    private let offset: TorchTensor
    private let scale: TorchTensor

    /// Looks at random crops of both kinds of pictures, always the same ones for one seed.
    init(_ pictures: TrainingSet, _ plan: TrainingPlan, features: FeatureNetwork, torch: Torch) throws {
        var random = SplitMix64(state: plan.seed &+ 0x5754)
        func statistics(_ crops: (inout SplitMix64) throws -> TorchTensor) throws -> TorchTensor {
            let parts = try (0..<Self.examples / Self.chunk).map { _ in
                try torch.withoutGradients {
                    let inside = try crops(&random).cropped(Scene.margin)
                    return try Self.statistics(
                        torch.withAutocast(plan.precision == .bf16) {
                            try features.features(of: inside, at: Self.stages)
                        })
                }
            }
            return try .concatenated(parts, along: 0)
        }
        let art = try statistics { try pictures.art(Self.chunk, crop: plan.crop, random: &$0, torch) }
        let photos = try statistics { try pictures.photos(Self.chunk, crop: plan.crop, random: &$0, torch).pictures }
        (offset, scale) = try Self.standard(photos, art, groups: features.widths(at: Self.stages).flatMap { [$0, $0] })
        (self.art, memory) = try ((art - offset) / scale, (photos - offset) / scale)
    }

    /// For tests: all statistics as they are.
    init(art: TorchTensor, memory: TorchTensor) throws {
        (self.art, self.memory) = (art, try memory.cloned())
        offset = try .zeros([1, art.shape[1]], art.torch)
        scale = try .full(1, shape: [1, art.shape[1]], art.torch)
    }

    /// Takes features [N, C, h, w] of drawings at `stages`, and remembers them.
    func callAsFunction(_ features: [FeatureNetwork.Stage: TorchTensor]) throws -> TorchTensor {
        try callAsFunction(statistics: (Self.statistics(features) - offset) / scale)
    }

    func callAsFunction(statistics drawn: TorchTensor) throws -> TorchTensor {
        // A copy, because gradients need it as it was.
        let loss = try (Self.meanKernel(drawn, memory.cloned()) - Self.meanKernel(drawn, art)) * 2
        let kept = try memory.narrowed(0, from: 0, length: memory.shape[0] - drawn.shape[0])
        try memory.copy(from: .concatenated([drawn.detached(), kept], along: 0))
        return loss
    }

    /// The mean of `k(x, y)` over all pairs of rows.
    static func meanKernel(_ x: TorchTensor, _ y: TorchTensor) throws -> TorchTensor {
        let similarity = try x.matrixProduct(y.permuted([1, 0])) / Double(x.shape[1]) + 1
        return try (similarity.squared() * similarity).mean()
    }

    /// Means, then deviations, of every channel, stage by stage: [N, D].
    static func statistics(_ features: [FeatureNetwork.Stage: TorchTensor]) throws -> TorchTensor {
        var parts: [TorchTensor] = []
        for stage in stages.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let maps = try features[stage]?.float32() else { preconditionFailure("\(stage) was asked for") }
            let mean = try maps.mean(over: [2, 3], keep: true)
            let variance = try (maps - mean).squared().mean(over: [2, 3])
            parts += [try mean.reshaped([maps.shape[0], maps.shape[1]]), try (variance + 1e-3).squareRoot()]
        }
        return try .concatenated(parts, along: 1)
    }

    /// Mean and deviation of every column over both kinds of rows. `groups` are lengths of columns of one kind.
    private static func standard(
        _ photos: TorchTensor, _ art: TorchTensor, groups: [Int]
    ) throws -> (offset: TorchTensor, scale: TorchTensor) {
        let all = try TorchTensor.concatenated([photos, art], along: 0)
        let offset = try all.mean(over: [0], keep: true)
        let deviations = try (all - offset).squared().mean(over: [0], keep: true).squareRoot()
        var start = 0
        let scales = try groups.map { length in
            defer { start += length }
            let group = try deviations.narrowed(1, from: start, length: length)
            return try group.maximum(group.mean() * leastShare + 1e-6)
        }
        return (offset, try .concatenated(scales, along: 1))
    }
}
