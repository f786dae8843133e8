package import Foundation
internal import Frames
package import Model

/// All that a training needs to go on to the bit: weights of both networks, their optimizers and directions, the moving
/// average, the step and the plan. One safetensors file, written beside its place and renamed.
package struct Checkpoint: Sendable {
    package let plan: TrainingPlan
    package let step: Int
    private let file: Safetensors

    private static let planKey = "plan"
    private static let stepKey = "step"

    /// - Throws: `.noInput` or `.data` with a sentence about the file.
    package init(contentsOf url: URL) throws {
        file = try Safetensors(contentsOf: url)
        guard let text = file.metadata[Self.planKey], let step = file.metadata[Self.stepKey].flatMap({ Int($0) }),
            let plan = try? JSONDecoder().decode(TrainingPlan.self, from: Data(text.utf8))
        else { throw SakugaError(.data, "'\(url.path)' is not a checkpoint of a training by this version") }
        (self.plan, self.step) = (plan, step)
    }

    init(of trainer: Trainer) throws {
        (plan, step) = (trainer.plan, trainer.step)
        var tensors: [String: Tensor] = [:]
        for part in try Self.parts(of: trainer) {
            for (name, tensor) in part.tensors {
                tensors[part.prefix + name] = Tensor(shape: tensor.shape, values: try tensor.values())
            }
        }
        let text = String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
        file = Safetensors(tensors: tensors, metadata: [Self.planKey: text, Self.stepKey: String(step)])
    }

    /// - Throws: `.cannotCreate`, also where the disk is full.
    package func write(to url: URL) throws { try file.write(to: url) }

    /// Puts the trainer where it was when the checkpoint was made.
    func restore(_ trainer: Trainer) throws {
        for part in try Self.parts(of: trainer) {
            for (name, tensor) in part.tensors {
                guard let saved = file.tensors[part.prefix + name], saved.shape == tensor.shape else {
                    throw SakugaError(.data, "the checkpoint has no tensor '\(part.prefix + name)' of \(tensor.shape)")
                }
                try tensor.copy(from: .floats(saved.values, shape: saved.shape, trainer.torch))
            }
        }
        trainer.resume(at: step)
        trainer.generatorOptimizer.steps = step
        trainer.discriminatorOptimizer.steps = max(0, step - plan.initialSteps)
    }

    private typealias Part = (prefix: String, tensors: [(name: String, tensor: TorchTensor)])

    private static func parts(of trainer: Trainer) throws -> [Part] {
        func named(_ parameters: Parameters, _ leaves: [TorchTensor]? = nil) -> [(name: String, tensor: TorchTensor)] {
            Array(zip(parameters.names, leaves ?? parameters.leaves)).map { (name: $0, tensor: $1) }
        }
        let generator = trainer.generator.parameters
        let discriminator = trainer.discriminator.parameters
        return [
            ("generator.", named(generator)),
            ("average.", named(trainer.average.parameters)),
            ("generator_mean.", named(generator, trainer.generatorOptimizer.means)),
            ("generator_square.", named(generator, trainer.generatorOptimizer.squares)),
            ("discriminator.", named(discriminator)),
            ("discriminator_mean.", named(discriminator, trainer.discriminatorOptimizer.means)),
            ("discriminator_square.", named(discriminator, trainer.discriminatorOptimizer.squares)),
            ("direction.", named(trainer.discriminator.directions)),
            ("discrepancy.", trainer.discrepancy.map { [(name: "memory", tensor: $0.memory)] } ?? []),
        ]
    }
}

extension Trainer {
    /// The state of the training as it is now.
    package func checkpoint() throws -> Checkpoint { try Checkpoint(of: self) }

    /// Goes on from a checkpoint of the same plan.
    package func restore(_ checkpoint: Checkpoint) throws { try checkpoint.restore(self) }

    /// The moving average of the generator's weights: what a preset holds.
    package func weights() throws -> Safetensors { Safetensors(tensors: try average.parameters.exported()) }
}
