internal import Frames
internal import Inference
internal import Model
internal import StyleMetrics
internal import Synchronization

/// Looks at pictures with VGG16: style statistics of patches, Gram matrices, likeness of content.
struct StyleEye: Sendable {
    /// Side of a patch, in pixels.
    static let patchSide = 128
    /// Patches begin at multiples of this: pixels to a number of the coarsest layer.
    private static let step = 8

    private let weights: VGGWeights
    private let options: InferenceOptions
    private let patchEye: FeatureExtractor
    private let features = VGGDescription.Feature.allCases

    init(_ weights: VGGWeights, options: InferenceOptions) throws {
        self.weights = weights
        self.options = options
        patchEye = try FeatureExtractor(
            weights, features: features, width: Self.patchSide, height: Self.patchSide, options: options)
    }

    /// What a set of pictures looks like.
    struct Impression: Sendable {
        /// Means and deviations of every channel of the four layers, in colour.
        var patches: PatchSet
        /// One matrix a layer, of whole pictures in grey: colour is not style here, as in AnimeGAN.
        var grams: [MeanGram]
    }

    /// What one picture of each set looks like.
    private struct Look: Sendable {
        /// A vector for each patch, by set.
        var vectors: [[[Float]]] = []
        /// The cosine between relu4_3 of the first set's picture and of the last set's.
        var similarity = 1.0
    }

    /// Lengths of the kinds of numbers in a style vector: means, then deviations, layer by layer.
    var groups: [Int] { channels.flatMap { [$0, $0] } }
    private var channels: [Int] { features.map { weights.description.convolution(of: $0).outputs } }

    /// Looks at sets of pictures, such as photographs and their drawings, whose pictures correspond: they are of one size
    /// and are looked at in the same places.
    ///
    /// The network sees each picture once and as a whole; a patch is the part of the features that lies over its pixels.
    ///
    /// - Returns: an impression of each set, and for each picture the cosine between relu4_3 in the first and last set.
    func look(
        at sets: [[PixelBuffer]], perPicture: Int
    ) throws -> (impressions: [Impression], similarities: [Double]) {
        let none = Impression(
            patches: PatchSet(length: groups.reduce(0, +)), grams: channels.map(MeanGram.init(channels:)))
        let impressions = Mutex(Array(repeating: none, count: sets.count))
        var looks: [Int: Look] = [:]
        for group in SizeGroup.groups(of: sets[0]) {
            let eye = try FeatureExtractor(
                weights, features: features, width: group.width, height: group.height, options: options)
            let found = try SideBySide.map(group.members.count, lanes: eye.concurrency) { index in
                let number = group.members[index]
                for (set, pictures) in sets.enumerated() {
                    let grams = try eye.withFeatures(of: pictures[number], inGrey: true, Self.grams)
                    impressions.withLock { for layer in grams.indices { $0[set].grams[layer].add(grams[layer]) } }
                }
                return try look(with: eye, at: sets.map { $0[number] }, perPicture, seed: UInt64(number + 1))
            }
            for (number, look) in zip(group.members, found) { looks[number] = look }
        }
        var result = impressions.withLock { $0 }
        let inOrder = sets[0].indices.compactMap { looks[$0] }
        for (number, look) in inOrder.enumerated() {
            for (set, vectors) in look.vectors.enumerated() {
                for vector in vectors { result[set].patches.add(vector, from: number) }
            }
        }
        return (result, inOrder.map(\.similarity))
    }

    private func look(
        with eye: FeatureExtractor, at pictures: [PixelBuffer], _ count: Int, seed: UInt64
    ) throws -> Look {
        let places = Self.places(in: pictures[0], count, seed: seed)
        var look = Look()
        var first: [Float] = []
        for (set, picture) in pictures.enumerated() {
            try eye.withFeatures(of: picture) { maps in
                look.vectors.append(places.map { Self.styleVector(maps, $0) })
                guard let content = maps.last else { return }
                if set == 0 { first = Self.copy(content) }
                look.similarity = FeatureFigures.cosine(first, content.values, count: first.count)
            }
        }
        return look
    }

    private static func styleVector(_ maps: [FeatureMap], _ place: (x: Int, y: Int)) -> [Float] {
        maps.enumerated().flatMap { layer, map in
            FeatureFigures(map.values, channels: map.channels, width: map.width, height: map.height)
                .statistics(x: place.x >> layer, y: place.y >> layer, side: patchSide >> layer)
        }
    }

    private static func grams(_ maps: [FeatureMap]) -> [MeanGram] {
        maps.map { map in
            var gram = MeanGram(channels: map.channels)
            gram.add(map.values, positions: map.positions)
            return gram
        }
    }

    /// Upper left corners of patches, the same for the same size, count and seed.
    static func places(in picture: PixelBuffer, _ count: Int, seed: UInt64) -> [(x: Int, y: Int)] {
        var numbers = SplitMix64(state: seed)
        func start(_ length: Int) -> Int {
            Int(numbers.uniform() * Double((length - patchSide) / step + 1)) * step
        }
        return (0..<count).map { _ in (start(picture.width), start(picture.height)) }
    }

    /// 1 − cosine, mean over the four layers, between the same patches of pictures: the mean over all pairs of pictures
    /// and `perPicture` patches.
    func perceptualDifference(_ pictures: [PixelBuffer], perPicture: Int) throws -> Double {
        var sum = 0.0
        var count = 0
        for place in Self.places(in: pictures[0], perPicture, seed: 1) {
            let seen = try pictures.map { picture in
                try patchEye.withFeatures(of: picture, x: place.x, y: place.y) { $0.map(Self.copy) }
            }
            for first in seen.indices {
                for second in seen.indices where second > first {
                    for (a, b) in zip(seen[first], seen[second]) {
                        sum += 1 - FeatureFigures.cosine(a, b, count: a.count)
                        count += 1
                    }
                }
            }
        }
        return count > 0 ? sum / Double(count) : 0
    }

    private static func copy(_ map: FeatureMap) -> [Float] {
        Array(UnsafeBufferPointer(start: map.values, count: map.channels * map.positions))
    }
}
