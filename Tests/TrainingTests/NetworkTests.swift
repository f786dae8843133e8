import Foundation
import Frames
import Model
import Stylize
import Support
import Testing

@testable import Inference
@testable import Training

extension TrainingTests {
    @Suite("Networks")
    struct NetworkTests {
        let torch: Torch

        init() throws { torch = try TorchLibrary.open() }

        @Test(
            "the generator draws in libtorch what it draws in OpenVINO",
            arguments: ["live", "studio"], [UInt64(0), 1])
        func generatorMatchesInference(size: String, seed: UInt64) throws {
            try torch.seed(3)
            let description = try size == "live" ? TrainingPlan.liveGenerator() : TrainingPlan.studioGenerator()
            let network = try GeneratorNetwork(description, torch)
            let (width, height) = (48, 32)
            let shape = [1, 3, height, width]
            var photo = madeUp(width * height * 3)
            let code = StyleCode(seed: seed, dimensions: description.styleDimensions)
            let weights = try GeneratorWeights(
                Safetensors(tensors: network.parameters.exported()), description: description)
            let graph = GeneratorGraph.encoded(weights, style: code, width: width, height: height, edges: .float)
            let engine = try Engine(InferenceOptions(device: "CPU", precision: .f32))
            var drawn = [Float](repeating: 0, count: photo.count)
            let request = try engine.network(onnx: graph).makeRequest()
            try photo.withUnsafeMutableBytes { source in
                try drawn.withUnsafeMutableBytes { target in
                    try request.run(
                        .float32, source.baseAddress!, shape: shape, into: .float32, target.baseAddress!, shape: shape)
                }
            }
            let codes = try TorchTensor.floats(code.values, shape: [1, code.values.count], torch)
            let expected = try network.draw(.floats(photo, shape: shape, torch), codes: codes).values()
            let worst = zip(drawn, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst <= 1e-3)
        }

        @Test("with a picture skip a network that makes nothing leaves the picture as it is")
        func pictureSkip() throws {
            let description = try GeneratorDescription(
                styleDimensions: 4, mapping: [8], widths: [.half: 8, .quarter: 16], residualBlocks: [.quarter: 1],
                pictureSkip: true)
            let network = try GeneratorNetwork(description, torch)
            try network.parameters["out.weight"].copy(from: .zeros([12, 8, 3, 3], torch))
            let photo = madeUp(32 * 48 * 3)
            let drawn = try network.draw(.floats(photo, shape: [1, 3, 32, 48], torch), codes: .zeros([1, 4], torch))
            #expect(try drawn.values() == photo)
        }

        @Test("a discriminator's weights have spectral norm 1")
        func spectralNorm() throws {
            try torch.seed(1)
            let discriminator = try Discriminator(width: 8, halvings: [1, 2], torch)
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
            let count = 60
            let judge = try Self.taught(
                Discriminator(width: 8, halvings: [1, 2], torch), steps: 300, rate: 1e-3, torch,
                crops: { (try MadePictures.art(4, &random, $0), try MadePictures.photos(4, &random, $0)) })
            #expect(
                try judge(MadePictures.art(count, &random, torch), MadePictures.photos(count, &random, torch)) > 0.95)
        }

        @Test("its first judgements lie near the middle, from where least squares begins")
        func firstJudgements() throws {
            try torch.seed(2)
            let discriminator = try Discriminator(width: 32, halvings: [2, 4], torch)
            for _ in 0..<10 { _ = try discriminator.normalizedWeights(advances: true) }
            var random = SplitMix64(state: 4)
            let maps = try discriminator.judge(
                MadePictures.photos(4, &random, torch), discriminator.normalizedWeights(advances: false))
            #expect(maps.map(\.shape) == [[4, 1, 8, 8], [4, 1, 1, 1]])
            for map in maps { #expect(try (map - 0.5).squared().mean().number() < 0.5) }
        }

        @Test(
            "it learns that on drawings and photographs too: new crops, and pictures it has not seen, in five folds",
            .enabled(
                if: TorchLibrary.isLong && Datasets.areThere, "part of `make test-training`, after `make datasets`"))
        func discriminatorLearnsArt() throws {
            var (known, unknown) = (0.0, 0.0)
            for fold in 0..<Datasets.folds {
                try torch.seed(2)
                var random = SplitMix64(state: 4)
                let (seen, unseen) = try Datasets.split(fold)
                func crops(_ set: Datasets.Part, _ count: Int) throws -> (art: TorchTensor, photos: TorchTensor) {
                    let art = try Datasets.crops(of: set.art, count, &random, torch)
                    let photos = try Datasets.crops(of: set.photos, count, &random, torch)
                    return (try art.averagePooled(2), try photos.averagePooled(2))
                }
                // The scale of half the size alone: the other one takes four times as long and adds little.
                let judge = try Self.taught(
                    Discriminator(width: 16, halvings: [4], torch), steps: 300, rate: 4e-3, torch,
                    crops: { _ in try crops(seen, 16) })
                func share(_ set: Datasets.Part) throws -> Double {
                    try (0..<8).reduce(0.0) { sum, _ in
                        let (art, photos) = try crops(set, 50)
                        return sum + (try judge(art, photos)) / 8
                    }
                }
                let shares = (try share(seen), try share(unseen))
                print("discriminator, fold \(fold): right about \(shares.0) of new crops, \(shares.1) of new pictures")
                known += shares.0 / Double(Datasets.folds)
                unknown += shares.1 / Double(Datasets.folds)
            }
            print("discriminator: right about \(known) of new crops, \(unknown) of new pictures")
            #expect(known > 0.95)
            // Twenty drawings are few.
            #expect(unknown > 0.9)
        }

        private typealias Crops = (Torch) throws -> (art: TorchTensor, photos: TorchTensor)

        /// Teaches a discriminator, at a rate that falls along half a cosine; returns what says which share of art and
        /// photographs a moving average of it is right about.
        private static func taught(
            _ discriminator: Discriminator, steps: Int, rate: Double, _ torch: Torch, crops: Crops
        ) throws -> (_ art: TorchTensor, _ photos: TorchTensor) throws -> Double {
            let optimizer = try Adam(discriminator.parameters.leaves, beta1: 0.5, beta2: 0.99, torch)
            let average = try discriminator.parameters.frozenCopy()
            for step in 0..<steps {
                let (art, photos) = try crops(torch)
                let count = art.shape[0]
                let judged = try discriminator.judge(
                    .concatenated([art, photos], along: 0), discriminator.normalizedWeights(advances: true))
                var loss = try TorchTensor.zeros([], torch)
                for map in judged {
                    loss = try loss + (map.narrowed(0, from: 0, length: count) - 1).squared().mean()
                    loss = try loss + map.narrowed(0, from: count, length: count).squared().mean()
                }
                try optimizer.clearGradients()
                try loss.backward()
                try optimizer.step(rate: rate * 0.5 * (1 + cos(Double.pi * Double(step) / Double(steps))))
                try average.blend(discriminator.parameters, share: 0.03)
            }
            for name in average.names { try discriminator.parameters[name].copy(from: average[name]) }
            return { art, photos in
                try torch.withoutGradients {
                    let weights = try discriminator.normalizedWeights(advances: false)
                    /// The mean over scales of the mean over patches, by picture.
                    func judgements(_ pictures: TorchTensor) throws -> [Float] {
                        let means = try discriminator.judge(pictures, weights).map {
                            try $0.mean(over: [1, 2, 3]).values()
                        }
                        return (0..<pictures.shape[0]).map { picture in
                            means.reduce(0) { $0 + $1[picture] } / Float(means.count)
                        }
                    }
                    let right =
                        try judgements(art).count { $0 > 0.5 } + judgements(photos).count { $0 < 0.5 }
                    return Double(right) / Double(art.shape[0] + photos.shape[0])
                }
            }
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

/// What `make datasets` fetched, beside the checkout: drawings of the anime look and all photographs, in five folds.
enum Datasets {
    private static let root = TorchLibrary.root.appendingPathComponent("datasets")
    static var areThere: Bool { FileManager.default.fileExists(atPath: root.path) }

    static let folds = 5

    /// Every fifth photograph and every fifth drawing is kept apart from all others.
    static func split(_ fold: Int) throws -> (seen: Part, unseen: Part) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("folds-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for kind in ["photos", "art/anime"] {
            let files = try ["train", "test"].flatMap {
                try FileManager.default.contentsOfDirectory(
                    at: root.appendingPathComponent("\(kind)/\($0)"), includingPropertiesForKeys: nil)
            }.sorted { $0.lastPathComponent < $1.lastPathComponent }
            for (index, file) in files.enumerated() {
                let part = index % folds == fold ? "unseen" : "seen"
                let place = folder.appendingPathComponent("\(part)/\(kind)")
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(
                    at: place.appendingPathComponent(file.lastPathComponent), withDestinationURL: file)
            }
        }
        func pictures(_ part: String) throws -> Part {
            func read(_ kind: String) throws -> [TrainingPicture] {
                let path = folder.appendingPathComponent("\(part)/\(kind)").path
                return try PictureFolder(path, side: 640, leastSide: crop, atLeast: 2) { _ in }.pictures
                    .map(TrainingPicture.init)
            }
            return Part(art: try read("art/anime"), photos: try read("photos"))
        }
        return (try pictures("seen"), try pictures("unseen"))
    }

    struct Part {
        let art: [TrainingPicture]
        let photos: [TrainingPicture]
    }

    private static let crop = 320

    /// Squares out of pictures, each as it is or mirrored, [N, 3, 320, 320] on −1…1.
    static func crops(
        of pictures: [TrainingPicture], _ count: Int, _ random: inout SplitMix64, _ torch: Torch
    ) throws -> TorchTensor {
        let squares = (0..<count).flatMap { _ in
            let picture = pictures[random.index(below: pictures.count)]
            let square = Crop(
                left: random.index(below: picture.width - crop + 1),
                top: random.index(below: picture.height - crop + 1), side: crop, isMirrored: random.uniform() < 0.5)
            return square.cut(picture.rgb, width: picture.width, channels: 3)
        }
        return try TorchTensor.bytes(squares, shape: [count, crop, crop, 3], torch).permuted([0, 3, 1, 2]) / 127.5 - 1
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
