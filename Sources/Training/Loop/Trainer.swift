internal import Foundation
internal import Frames
internal import Model

/// Trains a generator against a discriminator, step by step.
///
/// The first `initialSteps` teach the generator to draw simplified photographs (reconstruction); from then on the
/// discriminator and the features' losses pull the drawings towards the art. Everything random follows from the plan's seed
/// and the number of the step. Used by one thread.
package final class Trainer {
    package let plan: TrainingPlan
    /// Steps taken.
    package private(set) var step = 0
    let torch: Torch
    let generator: GeneratorNetwork
    let average: GeneratorNetwork
    let discriminator: Discriminator
    let generatorOptimizer: Adam
    let discriminatorOptimizer: Adam
    private let pictures: TrainingSet
    private let features: FeatureNetwork
    private let group: ProcessGroup?
    /// Nil where the plan does without it.
    let discrepancy: DiscrepancyLoss?
    private let blur: Kernel

    /// The losses of one step by name, unweighted; `total` is the generator's weighted sum.
    package typealias Losses = [String: Double]

    /// - Parameter group: the processes that share every batch, each with the same plan and pictures; the batches are
    ///   multiples of their number. In the initial phase they compute what one process would, if the batch is also a
    ///   multiple of three for each; later each compares the style of its own share.
    /// - Throws: `.software` in libtorch's words.
    package init(
        _ plan: TrainingPlan, pictures: TrainingSet, features: FeatureNetwork, torch: Torch, group: ProcessGroup? = nil
    ) throws {
        (self.plan, self.pictures, self.features, self.torch, self.group) = (plan, pictures, features, torch, group)
        try torch.seed(plan.seed)
        generator = try GeneratorNetwork(plan.generator, torch)
        discriminator = try Discriminator(
            width: plan.discriminatorWidth, halvings: plan.discriminatorHalvings, torch)
        average = GeneratorNetwork(plan.generator, parameters: try generator.parameters.frozenCopy())
        generatorOptimizer = try Adam(generator.parameters.leaves, beta1: 0.5, beta2: 0.99, torch)
        discriminatorOptimizer = try Adam(discriminator.parameters.leaves, beta1: 0.5, beta2: 0.99, torch)
        blur = try .blur(torch)
        discrepancy =
            plan.weights.discrepancy > 0 && plan.steps > plan.initialSteps
            ? try DiscrepancyLoss(pictures, plan, features: features, torch: torch) : nil
    }

    package var isFinished: Bool { step >= plan.steps }
    package var isInitial: Bool { step < plan.initialSteps }
    /// Crops in the step to come, of all processes together.
    package var batch: Int { isInitial ? plan.initialBatch : plan.batch }

    /// Goes to a step whose state was loaded.
    func resume(at step: Int) { self.step = step }

    /// Takes one step.
    ///
    /// - Throws: `.software` naming the loss that is no longer a number; the weights are then those before the step.
    package func advance() throws -> Losses {
        var random = SplitMix64(state: plan.seed &* 0x9E37_79B9 &+ UInt64(step) &* 1009)
        try torch.seed(random.next() >> 1)
        let photos = try pictures.photos(batch, crop: plan.crop, random: &random, torch)
        let losses = try isInitial ? reconstruct(photos) : compete(photos, &random)
        step += 1
        // A short memory at first, or the average would remember the random start.
        let decay = min(plan.averageDecay, Double(step) / Double(step + 10))
        try average.parameters.blend(generator.parameters, share: 1 - decay)
        return losses
    }

    // MARK: The initial phase

    private func reconstruct(_ photos: TrainingSet.Photos) throws -> Losses {
        let scene = try Scene(photos, plan, isDiverse: false, group: group, torch)
        let drawings = try torch.withAutocast(plan.precision == .bf16) {
            try generator.draw(scene.inputs, codes: scene.codes, isClamped: false)
        }
        let drawn = try scene.plain(drawings)
        var sum = WeightedSum()
        try sum.add("reconstruction", plan.weights.reconstruction, ReconstructionLoss()(drawn, scene.target))
        try sum.add("equivariance", plan.weights.equivariance, scene.equivariance(drawings))
        return try learn(sum, generatorOptimizer, rate: rate(plan.initialRate, from: 0, to: plan.initialSteps))
    }

    // MARK: Generator against discriminator

    private func compete(_ photos: TrainingSet.Photos, _ random: inout SplitMix64) throws -> Losses {
        let scene = try Scene(photos, plan, isDiverse: true, group: group, torch)
        let allArt = try pictures.art(batch, crop: plan.crop, random: &random, torch).cropped(Scene.margin)
        let art = try group?.share(of: allArt) ?? allArt
        let drawings = try torch.withAutocast(plan.precision == .bf16) {
            try generator.draw(scene.inputs, codes: scene.codes, isClamped: false)
        }
        let visible = try scene.plain(drawings).cropped(Scene.margin).clamped(-1, 1)
        var losses = try teachDiscriminator(art: art, drawn: visible.detached())
        losses.merge(try teachGenerator(scene, drawings, visible, art)) { $1 }
        return losses
    }

    private func teachDiscriminator(art: TorchTensor, drawn: TorchTensor) throws -> Losses {
        let grey = try ColorLoss.grey(art)
        let blurred = try EdgeBlur(kernel: blur).applied(to: art)
        let count = art.shape[0]
        let judgements = try torch.withAutocast(plan.precision == .bf16) {
            let weights = try discriminator.normalizedWeights(advances: true)
            return try discriminator.judge(.concatenated([art, drawn, grey, blurred], along: 0), weights)
        }
        let loss = AdversarialLoss(shares: plan.adversarialShares)
        var sum = WeightedSum()
        for scale in judgements {
            let parts = try (0..<4).map { try scale.narrowed(0, from: $0 * count, length: count) }
            try sum.add(
                "discriminator", 1,
                loss.discriminator(art: parts[0], drawn: parts[1], grey: parts[2], blurred: parts[3])
                    / Double(judgements.count))
        }
        var losses = try learn(sum, discriminatorOptimizer, rate: lateRate(plan.discriminatorRate))
        losses["total"] = nil
        return losses
    }

    private func teachGenerator(
        _ scene: Scene, _ drawings: TorchTensor, _ visible: TorchTensor, _ art: TorchTensor
    ) throws -> Losses {
        let weights = plan.weights
        let drawn = try scene.plain(drawings)
        let target = try scene.target.cropped(Scene.margin)
        var sum = WeightedSum()
        let judgements = try torch.withAutocast(plan.precision == .bf16) {
            try discriminator.judge(visible, discriminator.normalizedWeights(advances: false))
        }
        for scale in judgements {
            try sum.add(
                "adversarial", weights.adversarial,
                AdversarialLoss().generator(drawn: scale) / Double(judgements.count))
        }
        try addFeatureLosses(
            to: &sum, visible: visible, photos: scene.photos.cropped(Scene.margin), target: target, art: art)
        try sum.add("color", weights.color, ColorLoss()(visible, target))
        try sum.add("reconstruction", weights.lateReconstruction, ReconstructionLoss()(drawn, scene.target))
        try sum.add("total_variation", weights.totalVariation, TotalVariationLoss()(visible))
        try sum.add("region_smoothing", weights.regionSmoothing, RegionSmoothingLoss()(visible, guide: target))
        try sum.add("equivariance", weights.equivariance, scene.equivariance(drawings))
        try sum.add("diversity", weights.diversity, scene.diversity(drawings))
        return try learn(sum, generatorOptimizer, rate: lateRate(plan.generatorRate))
    }

    private func addFeatureLosses(
        to sum: inout WeightedSum, visible: TorchTensor, photos: TorchTensor, target: TorchTensor, art: TorchTensor
    ) throws {
        let isSmall = plan.precision == .bf16
        typealias Features = [FeatureNetwork.Stage: TorchTensor]
        func seen(_ pictures: TorchTensor, _ stages: Set<FeatureNetwork.Stage>) throws -> Features {
            try torch.withAutocast(isSmall) { try features.features(of: pictures, at: stages) }
        }
        let perceptualStages = plan.weights.perceptual > 0 ? plan.perceptualStages : []
        let (ofPhotos, ofTarget) = try torch.withoutGradients {
            (try seen(photos, plan.contentStages), try seen(target, perceptualStages))
        }
        let ofDrawn = try seen(
            visible,
            plan.contentStages.union(perceptualStages).union(discrepancy == nil ? [] : DiscrepancyLoss.stages))
        func addDistances(_ name: String, _ weight: Double, to wanted: Features) throws {
            for (stage, wanted) in wanted.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                guard let drawn = ofDrawn[stage] else { continue }
                try sum.add(name, weight, ContentLoss()(drawn.float32(), wanted.float32()))
            }
        }
        try addDistances("content", plan.weights.content, to: ofPhotos)
        try addDistances("perceptual", plan.weights.perceptual, to: ofTarget)
        if let discrepancy { try sum.add("discrepancy", plan.weights.discrepancy, discrepancy(ofDrawn)) }
        guard plan.weights.style > 0 else { return }
        let greyArt = try torch.withoutGradients { try seen(ColorLoss.grey(art), plan.styleStages) }
        let greyDrawn = try seen(ColorLoss.grey(visible), plan.styleStages)
        for (stage, drawn) in greyDrawn.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard let art = greyArt[stage] else { continue }
            let (gram, wanted) = try torch.withAutocast(isSmall) {
                (try StyleLoss.gram(drawn), try StyleLoss.gram(art))
            }
            try sum.add("style", plan.weights.style, StyleLoss()(gram, wanted))
        }
    }

    // MARK: Steps

    private static let remedy =
        "go on from the last checkpoint with --resume --precision f32, or begin anew with a recipe of lower rates"

    private func learn(_ sum: WeightedSum, _ optimizer: Adam, rate: Double) throws -> Losses {
        let losses = try mean(sum.values())
        if let (name, value) = losses.first(where: { !$0.value.isFinite }) {
            throw SakugaError(
                .software, "the \(name) loss became \(value) in step \(step)",
                hint: Self.remedy)
        }
        guard let total = sum.total else { return losses }
        try optimizer.clearGradients()
        try total.backward()
        if let group { try group.averageGradients(optimizer.leaves) }
        let norm = try optimizer.clipGradients(plan.gradientLimit)
        guard norm.isFinite else {
            throw SakugaError(
                .software, "a gradient became \(norm) in step \(step)",
                hint: Self.remedy)
        }
        try optimizer.step(rate: rate)
        return losses
    }

    /// Losses over all processes.
    private func mean(_ losses: Losses) throws -> Losses {
        guard let group else { return losses }
        let names = losses.keys.sorted()
        return Dictionary(uniqueKeysWithValues: zip(names, try group.average(names.map { losses[$0] ?? 0 })))
    }

    private func lateRate(_ rate: Double) -> Double { self.rate(rate, from: plan.initialSteps, to: plan.steps) }

    /// Falls from `rate` to a tenth of it along half a cosine, after 100 steps of warming up.
    private func rate(_ rate: Double, from first: Int, to last: Int) -> Double {
        let share = Double(step - first) / Double(max(1, last - first))
        let warm = min(1, Double(step - first + 1) / 100)
        return rate * warm * (0.1 + 0.45 * (1 + cos(Double.pi * min(1, share))))
    }
}

/// Losses on the way to one number.
private struct WeightedSum {
    private(set) var total: TorchTensor?
    private var parts: [(name: String, value: TorchTensor)] = []

    mutating func add(_ name: String, _ weight: Double, _ value: TorchTensor) throws {
        parts.append((name, value))
        let weighted = try value * weight
        total = try total.map { try $0 + weighted } ?? weighted
    }

    /// By name; losses of one name are added up.
    func values() throws -> Trainer.Losses {
        var values: Trainer.Losses = [:]
        for (name, value) in parts { values[name, default: 0] += try value.number() }
        values["total"] = try total?.number()
        return values
    }
}
