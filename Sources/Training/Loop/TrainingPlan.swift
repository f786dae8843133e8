package import Foundation
internal import Frames
package import Model

/// Everything that decides what a training makes, apart from the pictures. Saved with every checkpoint.
package struct TrainingPlan: Codable, Sendable, Equatable {
    package enum Precision: String, Codable, Sendable, CaseIterable {
        case f32, bf16
    }

    /// What the losses count.
    package struct Weights: Codable, Sendable, Equatable {
        package var reconstruction = 10.0
        package var equivariance = 30.0
        /// From here on only after the initial phase.
        package var adversarial = 0.4
        package var content = 5.0
        package var perceptual = 2.5
        /// The distribution of features, in colour.
        package var discrepancy = 4.0
        /// Gram matrices, in grey; 0 spares a fifth of the time.
        package var style = 0.0
        package var color = 25.0
        package var totalVariation = 0.2
        package var regionSmoothing = 0.5
        package var diversity = 2.0
        /// What `reconstruction` counts after the initial phase.
        package var lateReconstruction = 6.0

        package init() {}
    }

    package var generator: GeneratorDescription
    package var discriminatorWidth = 32
    /// How often the discriminator halves what it sees, at full size and at every further half; see `Discriminator`.
    package var discriminatorHalvings = [2, 4]
    package var seed: UInt64 = 1
    package var precision = Precision.bf16
    /// Longer side that pictures are reduced to before they are cropped: a style belongs to a scale, and this is a small
    /// video's. Art at its full size would teach what its details look like from nearby.
    package var side = 640
    /// Sides of the crops that the generator sees, in pixels.
    package var crop = 176
    /// Crops in a step of the initial phase, and after it.
    package var initialBatch = 6
    package var batch = 4
    /// Steps of reconstruction alone, and steps altogether.
    package var initialSteps = 3200
    package var steps = 4800
    /// Learning rates: of the initial phase, then of both networks; each falls to a tenth along half a cosine.
    package var initialRate = 1.6e-3
    package var generatorRate = 8e-4
    package var discriminatorRate = 4e-4
    /// Gradients' common norm is held below this.
    package var gradientLimit = 3.0
    /// Of the moving average of the generator's weights, which is what becomes the preset.
    package var averageDecay = 0.998
    package var weights = Weights()
    package var adversarialShares = AdversarialLoss.Shares()
    package var abstraction = Abstraction()
    package var grading = StyleGrading()
    /// Features for content, for likeness to the simplified photograph, and for style.
    package var contentStages: Set<FeatureNetwork.Stage> = [.conv43]
    package var perceptualStages: Set<FeatureNetwork.Stage> = [.conv22, .conv33]
    package var styleStages: Set<FeatureNetwork.Stage> = [.conv22, .conv33, .conv41]
    /// Noise added to photographs, at most, as a share of 0…1: sensors have it, drawings have not.
    package var noise = 0.012

    package init(generator: GeneratorDescription) {
        self.generator = generator
    }

    /// The network that a preset's `live` size has: 2.4 GMAC for 640×360. Eight channels at full size cost a fifth of the
    /// time and take away what a grid of 2×2 pixels makes of moving edges, nearly all of the equivariance error.
    package static func liveGenerator() throws -> GeneratorDescription {
        try GeneratorDescription(
            styleDimensions: 8, mapping: [32, 32], widths: [.full: 8, .half: 16, .quarter: 32, .eighth: 64],
            residualBlocks: [.quarter: 1, .eighth: 2], decoderBlocks: [.full: 1, .half: 1], pictureSkip: true)
    }

    /// The network of the `studio` size: 12.7 GMAC for 640×360.
    package static func studioGenerator() throws -> GeneratorDescription {
        try GeneratorDescription(
            styleDimensions: 8, mapping: [32, 32], widths: [.full: 16, .half: 32, .quarter: 64, .eighth: 128],
            residualBlocks: [.quarter: 1, .eighth: 4], decoderBlocks: [.full: 1, .half: 1, .quarter: 1],
            pictureSkip: true)
    }

    /// Reads a recipe: a JSON object with any of the plan's keys; what it leaves out stays as it is.
    ///
    /// - Throws: `.data` where it is no such object.
    package func reading(recipe: Data, named name: String) throws -> TrainingPlan {
        let encoder = JSONEncoder()
        guard let mine = try JSONSerialization.jsonObject(with: encoder.encode(self)) as? [String: Any],
            let changes = try? JSONSerialization.jsonObject(with: recipe) as? [String: Any]
        else { throw SakugaError(.data, "recipe '\(name)' is not a JSON object") }
        let merged = try Self.merged(mine, changes, path: "", name)
        do {
            return try JSONDecoder().decode(Self.self, from: JSONSerialization.data(withJSONObject: merged))
        } catch let error as SakugaError {
            throw SakugaError(error.code, "recipe '\(name)': \(error.message)")
        } catch {
            throw SakugaError(.data, "recipe '\(name)' holds a value of the wrong type: \(error)")
        }
    }

    private static func merged(
        _ base: [String: Any], _ changes: [String: Any], path: String, _ name: String
    ) throws -> [String: Any] {
        var result = base
        for (key, value) in changes {
            guard let old = base[key] else {
                throw SakugaError(
                    .data, "recipe '\(name)' has the unknown key '\(path + key)'",
                    hint: "known here: \(base.keys.sorted().joined(separator: ", "))")
            }
            if key != "generator", let old = old as? [String: Any], let value = value as? [String: Any] {
                result[key] = try merged(old, value, path: path + key + ".", name)
            } else {
                result[key] = value
            }
        }
        return result
    }
}
