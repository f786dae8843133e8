import Foundation
import Frames
import Model
import Testing

@testable import Training

extension TrainingTests {
    @Suite("The loop")
    struct TrainerTests {
        let torch: Torch

        init() throws { torch = try TorchLibrary.open() }

        static func plan(steps: Int, initial: Int) throws -> TrainingPlan {
            var plan = TrainingPlan(generator: try MadePictures.smallGenerator())
            (plan.steps, plan.initialSteps, plan.crop) = (steps, initial, 96)
            (plan.batch, plan.initialBatch, plan.precision) = (2, 2, .f32)
            plan.discriminatorWidth = 4
            (plan.contentStages, plan.styleStages) = ([.conv12], [.conv12, .conv21])
            plan.perceptualStages = [.conv12]
            plan.weights.style = 1
            return plan
        }

        func trainer(_ plan: TrainingPlan, group: ProcessGroup? = nil) throws -> Trainer {
            try Trainer(
                plan, pictures: MadePictures.set(torch, crop: plan.crop), features: MadePictures.features(torch),
                torch: torch, group: group)
        }

        @Test("an interrupted and resumed training ends in the same weights, to the bit")
        func resumesToTheBit() throws {
            let plan = try Self.plan(steps: 8, initial: 4)
            let whole = try trainer(plan)
            for _ in 0..<8 { _ = try whole.advance() }
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
            defer { try? FileManager.default.removeItem(at: file) }
            // Stopped once in each phase.
            let first = try trainer(plan)
            for _ in 0..<3 { _ = try first.advance() }
            try first.checkpoint().write(to: file)
            let second = try trainer(plan)
            try second.restore(Checkpoint(contentsOf: file))
            for _ in 3..<6 { _ = try second.advance() }
            try second.checkpoint().write(to: file)
            let third = try trainer(Checkpoint(contentsOf: file).plan)
            try third.restore(Checkpoint(contentsOf: file))
            for _ in 6..<8 { _ = try third.advance() }
            #expect(third.isFinished)
            let (a, b) = (try whole.weights().tensors, try third.weights().tensors)
            for (name, tensor) in a { #expect(b[name] == tensor, "\(name)") }
        }

        @Test("overfitting a few pictures drives the loss down")
        func overfits() throws {
            var plan = try Self.plan(steps: TorchLibrary.isLong ? 900 : 200, initial: 10_000)
            plan.initialRate = 2e-3
            let trainer = try trainer(plan)
            var losses: [Double] = []
            while trainer.step < plan.steps { losses.append(try #require(trainer.advance()["total"])) }
            let begin = losses.prefix(10).reduce(0, +) / 10
            let end = losses.suffix(20).reduce(0, +) / 20
            print("overfitting: generator loss \(begin) to \(end), factor \(begin / end)")
            #expect(begin / end > (TorchLibrary.isLong ? 5 : 3))
        }

        @Test("every loss of the second phase is there, finite, and moves the generator")
        func competes() throws {
            let trainer = try trainer(Self.plan(steps: 4, initial: 1))
            _ = try trainer.advance()
            let before = try trainer.generator.parameters.exported()
            let losses = try trainer.advance()
            let expected: Set = [
                "adversarial", "color", "content", "discrepancy", "discriminator", "diversity", "equivariance",
                "perceptual", "reconstruction", "region_smoothing", "style", "total", "total_variation",
            ]
            #expect(Set(losses.keys) == expected)
            #expect(losses.values.filter { !$0.isFinite }.isEmpty)
            for (name, tensor) in try trainer.generator.parameters.exported() {
                #expect(before[name] != tensor, "\(name) stood still")
            }
        }

        @Test("a loss that is no number stops the training before it spoils the weights")
        func stopsAtNaN() throws {
            var plan = try Self.plan(steps: 4, initial: 4)
            plan.weights.reconstruction = .infinity
            let trainer = try trainer(plan)
            let before = try trainer.generator.parameters.exported()
            #expect { try trainer.advance() } throws: { "\($0)".contains("total loss became inf") }
            #expect(try trainer.generator.parameters.exported() == before)
        }

        @Test("too few or too small pictures are refused with their number and size")
        func refusesTooFewPictures() throws {
            let small = TrainingPicture(width: 40, height: 40, rgb: [UInt8](repeating: 9, count: 4800))
            #expect {
                _ = try TrainingSet(photos: [small, small, small], art: [small], abstraction: .init(), crop: 64)
            } throws: {
                "\($0)".contains("only 0 of 1 pictures of the style have sides of at least 80 pixels")
            }
        }

        @Test("a recipe changes what it names, and names what it does not know")
        func recipes() throws {
            let plan = try Self.plan(steps: 10, initial: 5)
            let changed = try plan.reading(recipe: Data(#"{"grading": {"ink": 0.9}}"#.utf8), named: "r.json")
            #expect(changed.grading.ink == 0.9 && changed.grading.gamma == plan.grading.gamma)
            #expect { try plan.reading(recipe: Data(#"{"inc": 1}"#.utf8), named: "r.json") } throws: {
                "\($0)".contains("unknown key 'inc'")
            }
        }

        @Test("bfloat16 is used where the processor says that it has it")
        func bfloat16() throws {
            let processor = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
            #expect(torch.hasBFloat16 == processor.split(whereSeparator: \.isWhitespace).contains("avx512_bf16"))
        }

        @Test("bfloat16 follows float32")
        func precisionsAgree() throws {
            func curve(_ precision: TrainingPlan.Precision) throws -> [Double] {
                var plan = try Self.plan(steps: 20, initial: 20)
                plan.precision = precision
                let trainer = try trainer(plan)
                return try (0..<20).map { _ in try #require(trainer.advance()["total"]) }
            }
            for (a, b) in zip(try curve(.f32), try curve(.bf16)) { #expect(abs(a - b) / a < 0.05) }
        }
    }
}
