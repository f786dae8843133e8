import Foundation
import Frames
import Inference
import Model
import Support
import Testing

@testable import Training

extension TrainingTests {
    @Suite("Networks")
    struct NetworkTests {
        let torch: Torch

        init() throws { torch = try TorchLibrary.open() }

        @Test("the generator draws in libtorch what it draws in OpenVINO", arguments: [UInt64(0), 1])
        func generatorMatchesInference(seed: UInt64) throws {
            try torch.seed(3)
            let description = try TrainingPlan.liveGenerator()
            let network = try GeneratorNetwork(description, torch)
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("preset-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let writer = try PresetWriter(folder: folder)
            try writer.write(
                size: "live", generator: description,
                weights: Safetensors(tensors: network.parameters.exported()),
                identity: .init(title: "T", summary: "S", licence: "CC0-1.0"), provenance: Data("{}".utf8))
            let (width, height) = (48, 32)
            let generator = try Generator(
                preset: Preset(folder: folder), seed: seed, width: width, height: height,
                options: InferenceOptions(device: "CPU", precision: .f32))
            let pool = FramePool(width: width, height: height, alignment: generator.alignment)
            let (input, output) = (pool.makeBuffer(), pool.makeBuffer())
            let levels = madeUp(width * height * 3, from: 0, to: 255).map { UInt8($0) }
            for (index, level) in levels.enumerated() { input.bytes[index] = level }
            try generator.draw(input, into: output)

            let code = StyleCode(seed: seed, dimensions: description.styleDimensions).values
            let photo = try TorchTensor.bytes(levels, shape: [1, height, width, 3], torch).permuted([0, 3, 1, 2])
            let drawn = try network.draw(photo / 127.5 - 1, codes: .floats(code, shape: [1, code.count], torch))
                .permuted([0, 2, 3, 1]).values()
            // The 8-bit edge rounds: half a level is 0.004 on −1…1.
            for (index, value) in drawn.enumerated() {
                #expect(abs((Float(output.bytes[index]) / 127.5 - 1) - value) <= 0.004 + 1e-3)
            }
        }

        @Test("a discriminator's weights have spectral norm 1")
        func spectralNorm() throws {
            try torch.seed(1)
            let discriminator = try Discriminator(width: 8, torch)
            for _ in 0..<30 { _ = try discriminator.normalizedWeights(advances: true) }
            let weights = try discriminator.normalizedWeights(advances: false)
            for (_, weight) in weights {
                let shape = weight.shape
                let matrix = try weight.reshaped([shape[0], shape.dropFirst().reduce(1, *)])
                // The largest eigenvalue of W·Wᵀ by an iteration of its own.
                let square = try matrix.matrixProduct(matrix.permuted([1, 0]))
                var x = try TorchTensor.floats(madeUp(shape[0]), shape: [shape[0], 1], torch)
                var norm = 0.0
                for _ in 0..<200 {
                    x = try square.matrixProduct(x)
                    norm = try x.squared().sum().number().squareRoot()
                    x = try x / norm
                }
                #expect(abs(norm - 1) < 0.02)
            }
        }

        @Test("a discriminator learns to tell art from photographs within 300 steps")
        func discriminatorLearns() throws {
            try torch.seed(2)
            var random = SplitMix64(state: 4)
            let discriminator = try Discriminator(width: 8, torch)
            let optimizer = try Adam(discriminator.parameters.leaves, beta1: 0.5, beta2: 0.99, torch)
            for _ in 0..<300 {
                let art = try MadePictures.art(4, &random, torch)
                let photos = try MadePictures.photos(4, &random, torch)
                let judged = try discriminator.judge(
                    .concatenated([art, photos], along: 0), discriminator.normalizedWeights(advances: true))
                let loss =
                    try (judged.narrowed(0, from: 0, length: 4) - 1).squared().mean()
                    + judged.narrowed(0, from: 4, length: 4).squared().mean()
                try optimizer.clearGradients()
                try loss.backward()
                try optimizer.step(rate: 1e-3)
            }
            let weights = try discriminator.normalizedWeights(advances: false)
            let count = 60
            let art = try discriminator.judge(MadePictures.art(count, &random, torch), weights)
            let photos = try discriminator.judge(MadePictures.photos(count, &random, torch), weights)
            let right =
                try art.mean(over: [1, 2, 3]).values().filter { $0 > 0.5 }.count
                + photos.mean(over: [1, 2, 3]).values().filter { $0 < 0.5 }.count
            #expect(Double(right) / Double(2 * count) > 0.95)
        }

        @Test("a dead layer is found, and a living network passes")
        func liveness() throws {
            try torch.seed(3)
            let network = try GeneratorNetwork(MadePictures.smallGenerator(), torch)
            var random = SplitMix64(state: 1)
            let photos = try MadePictures.photos(2, &random, torch)
            for finding in try LivenessCheck(network, photos: photos).findings {
                #expect(finding.liveChannels > 0.5, "\(finding)")
            }
            try network.parameters["down1.conv.weight"].copy(from: .zeros([16, 8, 3, 3], torch))
            let check = try LivenessCheck(network, photos: photos)
            #expect { try check.require() } throws: { "\($0)".contains("down1") }
        }
    }
}

/// Pictures that tests make: flat shapes with firm edges for art, soft noisy gradients for photographs.
enum MadePictures {
    static let side = 32

    static func smallGenerator() throws -> GeneratorDescription {
        try GeneratorDescription(
            styleDimensions: 4, mapping: [8], widths: [.half: 8, .quarter: 16], residualBlocks: [.quarter: 1])
    }

    static func art(_ count: Int, _ random: inout SplitMix64, _ torch: Torch) throws -> TorchTensor {
        try tensor((0..<count).map { _ in art(&random, side: side) }, torch)
    }

    static func photos(_ count: Int, _ random: inout SplitMix64, _ torch: Torch) throws -> TorchTensor {
        try tensor((0..<count).map { _ in photo(&random, side: side) }, torch)
    }

    private static func tensor(_ pictures: [[UInt8]], _ torch: Torch) throws -> TorchTensor {
        try TorchTensor.bytes(pictures.flatMap { $0 }, shape: [pictures.count, side, side, 3], torch)
            .permuted([0, 3, 1, 2]) / 127.5 - 1
    }

    /// Three flat rectangles on a flat ground.
    static func art(_ random: inout SplitMix64, side: Int) -> [UInt8] {
        func color() -> [UInt8] { (0..<3).map { _ in UInt8(random.index(below: 256)) } }
        let ground = color()
        var picture = (0..<side * side).flatMap { _ in ground }
        for _ in 0..<3 {
            let (left, top) = (random.index(below: side * 3 / 4), random.index(below: side * 3 / 4))
            let (width, height) = (side / 6 + random.index(below: side / 2), side / 6 + random.index(below: side / 2))
            let paint = color()
            for y in top..<min(side, top + height) {
                for x in left..<min(side, left + width) {
                    picture.replaceSubrange((y * side + x) * 3..<(y * side + x) * 3 + 3, with: paint)
                }
            }
        }
        return picture
    }

    /// A gradient in a random direction with noise on it.
    static func photo(_ random: inout SplitMix64, side: Int) -> [UInt8] {
        let (dx, dy) = (random.uniform() * 4 - 2, random.uniform() * 4 - 2)
        let ground = (0..<3).map { _ in 80 + random.uniform() * 100 }
        return (0..<side * side).flatMap { pixel -> [UInt8] in
            let slope = dx * Double(pixel % side) + dy * Double(pixel / side)
            return ground.map { UInt8(min(max($0 + slope + (random.uniform() - 0.5) * 50, 0), 255)) }
        }
    }

    static func set(_ torch: Torch, crop: Int) throws -> TrainingSet {
        var random = SplitMix64(state: 11)
        let side = crop * 2
        func picture(_ rgb: [UInt8]) -> TrainingPicture { TrainingPicture(width: side, height: side, rgb: rgb) }
        return try TrainingSet(
            photos: (0..<4).map { _ in picture(photo(&random, side: side)) },
            art: (0..<3).map { _ in picture(art(&random, side: side)) }, abstraction: Abstraction(), crop: crop)
    }

    /// Features of made-up weights: enough for losses to have something to hold on to.
    static func features(_ torch: Torch) throws -> FeatureNetwork { try FeatureNetwork(TestVGG.weights(), torch) }
}
