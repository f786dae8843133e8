internal import Foundation
internal import Frames
internal import Model

/// Whether every part of a generator does something: a network can look trained while whole stages are dead behind their
/// activation, and then it only recolours.
package struct LivenessCheck: Sendable {
    package struct Finding: Sendable, Codable, Equatable {
        package let layer: String
        /// Share of channels that change over real photographs, 0…1.
        package let liveChannels: Double
        /// How much the drawing changes without the stage that the layer belongs to, root mean square on 0…255.
        package let effect: Double

        /// At least a quarter of the channels live, and half a level of effect.
        package var isAlive: Bool { liveChannels >= 0.25 && effect >= 0.5 }
    }

    package let findings: [Finding]

    /// Looks at every convolution on photographs, RGB on −1…1.
    init(_ generator: GeneratorNetwork, photos: TorchTensor) throws {
        let torch = photos.torch
        let count = photos.shape[0]
        let codes = try TorchTensor.zeros([count, generator.description.styleDimensions], torch)
        findings = try torch.withoutGradients {
            var live: [String: Double] = [:]
            var convolutions: [String] = []
            let whole = try generator.draw(photos, codes: codes) { layer, output in
                guard case .convolution = layer.operation else { return output }
                convolutions.append(layer.name)
                live[layer.name] = try Self.liveShare(of: output)
                return output
            }
            var effects: [String: Double] = [:]
            for stage in Set(convolutions.map(Self.stage)) {
                let without = try generator.draw(photos, codes: codes) { layer, output in
                    Self.stage(of: layer.name) == stage && Self.isSwitch(layer) ? try output * 0 : output
                }
                effects[stage] = try (whole - without).squared().mean().number().squareRoot() * 127.5
            }
            return convolutions.map { name in
                Finding(layer: name, liveChannels: live[name] ?? 0, effect: effects[Self.stage(of: name)] ?? 0)
            }
        }
    }

    /// What is switched off together: all residual blocks of a scale, or one convolution between scales. A single block
    /// among several may well do little.
    private static func stage(of layer: String) -> String {
        let parts = layer.split(separator: ".")
        return parts.count > 2 ? parts.prefix(2).joined(separator: ".") : layer
    }

    /// Without what its second convolution makes, a residual block passes on what it was given.
    private static func isSwitch(_ layer: Layer) -> Bool {
        if case .convolution = layer.operation { return !layer.name.hasSuffix(".first") }
        return false
    }

    /// - Throws: `.data` naming the dead layers.
    package func require() throws {
        let dead = findings.filter { !$0.isAlive }
        guard dead.isEmpty else {
            let names = dead.map { finding in
                "\(finding.layer) (\(Int(finding.liveChannels * 100)) % of channels live, effect "
                    + String(format: "%.2f", finding.effect) + ")"
            }
            throw SakugaError(
                .data, "the generator is dead in \(names.joined(separator: ", ")): no preset is made of it",
                hint: "train longer, or with a lower learning rate or another seed")
        }
    }

    /// Channels whose deviation over all pictures and places is above a thousandth of the layer's largest.
    private static func liveShare(of output: TorchTensor) throws -> Double {
        let mean = try output.mean(over: [0, 2, 3], keep: true)
        let deviations = try (output - mean).squared().mean(over: [0, 2, 3]).values().map { $0.squareRoot() }
        let largest = deviations.max() ?? 0
        guard largest > 0 else { return 0 }
        return Double(deviations.filter { $0 > largest / 1000 }.count) / Double(deviations.count)
    }
}

extension ContactSheet {
    /// Looks for dead layers on the sheet's photographs.
    package func liveness(of trainer: Trainer) throws -> LivenessCheck {
        try LivenessCheck(trainer.average, photos: photos)
    }
}
