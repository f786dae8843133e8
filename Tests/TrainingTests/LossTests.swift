import Testing

@testable import Training

extension TrainingTests {
    /// Each loss against values computed by hand.
    @Suite("Losses")
    struct LossTests {
        let torch: Torch

        init() throws { torch = try TorchLibrary.open() }

        func tensor(_ values: [Float], _ shape: [Int]) throws -> TorchTensor {
            try .floats(values, shape: shape, torch)
        }
        func full(_ value: Double, _ shape: [Int]) throws -> TorchTensor { try .full(value, shape: shape, torch) }

        @Test("adversarial: least squares with AnimeGAN's negatives")
        func adversarial() throws {
            let loss = AdversarialLoss(shares: .init(art: 1, drawn: 2, grey: 3, blurred: 4))
            let judged = try loss.discriminator(
                art: full(0.5, [2, 1, 3, 3]), drawn: full(0.2, [2, 1, 3, 3]), grey: full(0.1, [2, 1, 3, 3]),
                blurred: full(-1, [2, 1, 3, 3]))
            #expect(try abs(judged.number() - (0.25 + 2 * 0.04 + 3 * 0.01 + 4)) < 1e-6)
            #expect(try abs(loss.generator(drawn: full(0.2, [4])).number() - 0.64) < 1e-6)
        }

        @Test("content: mean distance over the target's mean size")
        func content() throws {
            let loss = try ContentLoss()(tensor([1, 2, 3, 4], [1, 1, 2, 2]), tensor([2, 2, 2, 2], [1, 1, 2, 2]))
            #expect(try abs(loss.number() - 0.5) < 1e-5)
        }

        @Test("style: one Gram matrix for the whole batch")
        func style() throws {
            // Two pictures, two channels, one place each.
            let gram = try StyleLoss.gram(tensor([1, 2, 3, 4], [2, 2, 1, 1]))
            #expect(try gram.values() == [5, 7, 7, 10])
            let loss = try StyleLoss()(gram, full(10, [2, 2]))
            #expect(try abs(loss.number() - (5 + 3 + 3 + 0) / 4 / 10) < 1e-5)
        }

        @Test("discrepancy: the cubic kernel against the last drawings and against the art")
        func discrepancy() throws {
            let memory = try tensor([0, 0, 2, 0], [2, 2])
            let loss = try DiscrepancyLoss(art: tensor([0, 2], [1, 2]), memory: memory)
            // x = (2, 0): (0 + 1)³ and (4/2 + 1)³ with memory, (0/2 + 1)³ with art.
            let value = try loss(statistics: tensor([2, 0], [1, 2])).number()
            #expect(abs(value - 2 * ((1 + 27) / 2.0 - 1)) < 1e-4)
            #expect(try loss.memory.values() == [2, 0, 0, 0])
            #expect(try memory.values() == [0, 0, 2, 0])
        }

        @Test("discrepancy: means and deviations of every channel")
        func statistics() throws {
            let flat = try full(3, [1, 1, 2, 2])
            let maps = try Dictionary(uniqueKeysWithValues: DiscrepancyLoss.stages.map { ($0, flat) })
                .merging([.conv12: tensor([0, 2, 0, 2, 5, 5, 5, 5], [1, 2, 2, 2])]) { $1 }
            let statistics = try DiscrepancyLoss.statistics(maps).values()
            let expected: [Float] = [1, 5, 1, 0, 3, 0, 3, 0, 3, 0]
            #expect(statistics.count == expected.count)
            for (value, wanted) in zip(statistics, expected) { #expect(abs(value - wanted) < 0.05) }
        }

        @Test("colour: L1 for Y, Huber for U and V")
        func color() throws {
            // Grey against grey differs in Y alone, by 0.5 on 0…1.
            let grey = try ColorLoss()(full(1, [1, 3, 2, 2]), full(0, [1, 3, 2, 2]))
            #expect(try abs(grey.number() - 0.5) < 1e-5)
            // Huber with δ = 0.1: 0.05² / 0.2 inside, 0.3 − 0.05 outside.
            let huber = try ColorLoss.huber(tensor([0.05, -0.3], [2])).number()
            #expect(abs(huber - (0.0125 + 0.25) / 2) < 1e-6)
        }

        @Test("total variation: squared differences of neighbours")
        func totalVariation() throws {
            let loss = try TotalVariationLoss()(tensor([0, 1, 2, 5], [1, 1, 2, 2]))
            // Down: 2, 4; right: 1, 3.
            #expect(try abs(loss.number() - ((4 + 16) / 2.0 + (1 + 9) / 2.0)) < 1e-5)
        }

        @Test("reconstruction: distance of values and of gradients")
        func reconstruction() throws {
            let loss = try ReconstructionLoss(gradientShare: 2)(
                tensor([0, 1, 2, 5], [1, 1, 2, 2]), tensor([0, 0, 0, 0], [1, 1, 2, 2]))
            #expect(try abs(loss.number() - (2 + 2 * (3 + 2))) < 1e-5)
        }

        @Test("region smoothing: nothing to say about flat regions, something about texture inside them")
        func regionSmoothing() throws {
            let halves: [Float] = (0..<3 * 32 * 32).map { $0 % 32 < 16 ? -0.5 : 0.5 }
            let flat = try tensor(halves, [1, 3, 32, 32])
            let texture = try flat + tensor((0..<3 * 32 * 32).map { $0 % 2 == 0 ? 0.1 : -0.1 }, [1, 3, 32, 32])
            #expect(try RegionSmoothingLoss()(flat, guide: flat).number() < 0.03)
            #expect(try RegionSmoothingLoss()(texture, guide: flat).number() > 0.08)
        }

        @Test("equivariance: the root of the mean square, without the border")
        func equivarianceIsRootMeanSquare() throws {
            let loss = try EquivarianceLoss()(
                drawnOfMoved: full(0.3, [1, 3, 32, 32]), movedDrawing: full(0, [1, 3, 32, 32]))
            #expect(try abs(loss.number() - 0.3) < 1e-5)
        }

        @Test("equivariance: none where the drawing moves along, its size where it does not")
        func equivariance() throws {
            let picture = try tensor(madeUp(3 * 48 * 48), [1, 3, 48, 48])
            try torch.seed(5)
            let motion = try RandomMotion(pictures: 1, height: 48, width: 48, torch)
            let moved = try motion.applied(to: picture)
            #expect(try EquivarianceLoss()(drawnOfMoved: moved, movedDrawing: moved).number() < 1e-5)
            #expect(try EquivarianceLoss()(drawnOfMoved: moved, movedDrawing: picture).number() > 0.1)
        }

        @Test("diversity: asks for its target and no more")
        func diversity() throws {
            let (a, b) = (try full(0, [1, 3, 4, 4]), try full(0.1, [1, 3, 4, 4]))
            let codes = (try full(0, [1, 8]), try full(1, [1, 8]))
            let loss = DiversityLoss(target: 0.15)
            #expect(try abs(loss(a, b, codes: codes).number() - 0.05) < 1e-3)
            #expect(try loss(a, full(0.9, [1, 3, 4, 4]), codes: codes).number() == 0)
        }

        @Test("blurred negatives change edges and leave flat regions alone")
        func edgeBlur() throws {
            let halves: [Float] = (0..<3 * 32 * 32).map { $0 % 32 < 16 ? -1 : 1 }
            let art = try tensor(halves, [1, 3, 32, 32])
            let blurred = try EdgeBlur(kernel: .blur(torch)).applied(to: art).values()
            #expect(abs(blurred[2] - halves[2]) < 1e-5 && abs(blurred[29] - halves[29]) < 1e-5)
            #expect(abs(blurred[15] - halves[15]) > 0.3 && abs(blurred[16] - halves[16]) > 0.3)
        }

        @Test("the target of reconstruction is as ink, saturation and brightness say")
        func grading() throws {
            var grading = StyleGrading()
            (grading.ink, grading.saturation, grading.gamma) = (0.5, 1, 1)
            let flat = try full(0.2, [1, 3, 2, 2])
            let none = try grading.target(flat: flat, lines: full(0, [1, 1, 2, 2]), codes: full(0, [1, 8])).values()
            let full = try grading.target(flat: flat, lines: full(1, [1, 1, 2, 2]), codes: full(0, [1, 8])).values()
            // 0.2 on −1…1 is 0.6 on 0…1; half the ink leaves 0.3, which is −0.4.
            for value in none { #expect(abs(value - 0.2) < 1e-3) }
            for value in full { #expect(abs(value + 0.4) < 1e-3) }
        }
    }
}
