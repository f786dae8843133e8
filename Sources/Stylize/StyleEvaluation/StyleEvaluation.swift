internal import Frames
internal import Inference
package import Model
internal import StyleMetrics

/// Judges a generator's style: how near its drawings of test photographs come to bodies of art, what of the photographs
/// they keep, and what they cost.
package final class StyleEvaluation {
    private let request: StyleRequest
    private let painter: Painter
    private let eye: StyleEye
    private let photos: [PixelBuffer]
    /// By folder, in the order asked for.
    private let art: [(folder: String, pictures: [PixelBuffer])]

    /// Pictures for which seeds are compared and motions made up.
    private static let closerLook = 12
    /// Where speed is measured.
    private static let frame = (width: 640, height: 360)
    private static let leastPictures = 2

    /// Reads weights and pictures.
    ///
    /// - Parameters:
    ///   - report: Hears what is being done.
    ///   - warn: Hears which pictures are passed over.
    /// - Throws: `.unavailable` where VGG16's weights are not there; `.noInput` and `.data` for folders without enough
    ///   pictures; what a missing or broken preset or network throws.
    package convenience init(
        _ request: StyleRequest, presets: PresetLibrary = PresetLibrary(), report: (String) -> Void,
        warn: (String) -> Void
    ) throws {
        try self.init(
            request, weights: VGGWeights.load(request.weights), presets: presets, report: report, warn: warn)
    }

    /// The same with weights that have been read.
    init(
        _ request: StyleRequest, weights: VGGWeights, presets: PresetLibrary = PresetLibrary(),
        report: (String) -> Void, warn: (String) -> Void
    ) throws {
        self.request = request
        painter = try Painter(request, presets: presets)
        func pictures(_ folder: String) throws -> [PixelBuffer] {
            report("reading '\(folder)'")
            return try PictureFolder(
                folder, side: request.side, leastSide: StyleEye.patchSide, limit: request.pictures,
                atLeast: Self.leastPictures, warn: warn
            ).pictures
        }
        photos = try pictures(request.photos)
        art = try request.art.map { ($0, try pictures($0)) }
        eye = try StyleEye(weights, options: request.inference)
    }

    package func run(report: (String) -> Void) throws -> StyleReport {
        report("drawing \(photos.count) photographs")
        let drawings = try painter.drawings(of: photos)
        report("looking at photographs and drawings")
        let perPicture = Self.perPicture(photos, request)
        let seen = try eye.look(at: [photos, drawings], perPicture: perPicture)
        let styles = try art.map { folder, pictures in
            report("looking at '\(folder)'")
            return try style(of: folder, pictures, photos: seen.impressions[0], drawings: seen.impressions[1])
        }
        let edges = StyleReport.Edges(photos: Self.edges(of: photos), drawings: Self.edges(of: drawings))
        let some = photos.spread(over: Self.closerLook)
        var diversity: StyleReport.Diversity?
        if painter.description != nil {
            report("drawing with other seeds")
            diversity = try self.diversity(some)
        }
        report("drawing moved photographs")
        guard let equivariance = try EquivarianceTest(draw: { try self.painter.drawings(of: $0) }).report(some) else {
            throw SakugaError(.data, "the photographs are too small to be moved", hint: "give a larger --side")
        }
        report("measuring speed")
        let (cost, precision) = try self.cost()
        let content = seen.similarities
        return StyleReport(
            generator: painter.name, precision: precision, side: request.side, photos: photos.count,
            patches: perPicture * photos.count, styles: styles,
            contentSimilarity: .init(
                mean: content.reduce(0, +) / Double(content.count), least: content.min() ?? 0),
            edges: edges, diversity: diversity, equivariance: equivariance, cost: cost)
    }

    // MARK: - Parts

    private static func perPicture(_ pictures: [PixelBuffer], _ request: StyleRequest) -> Int {
        (request.patches + pictures.count - 1) / pictures.count
    }

    private func style(
        of folder: String, _ pictures: [PixelBuffer], photos: StyleEye.Impression, drawings: StyleEye.Impression
    ) throws -> StyleReport.Style {
        let perPicture = Self.perPicture(pictures, request)
        let art = try eye.look(at: [pictures], perPicture: perPicture).impressions[0]
        let kernel = StyleDistance(
            drawings: drawings.patches, photos: photos.patches, art: art.patches, groups: eye.groups)
        func gram(_ impression: StyleEye.Impression) -> Double {
            let distances = zip(impression.grams, art.grams).map { $0.distance(to: $1) }
            return distances.reduce(0, +) / Double(distances.count)
        }
        let (drawn, photographed) = (gram(drawings), gram(photos))
        return StyleReport.Style(
            art: folder, pictures: pictures.count, patches: perPicture * pictures.count,
            kernelDistance: .init(drawings: kernel.drawings, photos: kernel.photos, ratio: kernel.ratio),
            gramDistance: .init(
                drawings: .init(value: drawn, error: nil), photos: .init(value: photographed, error: nil),
                ratio: photographed > 0 ? .init(value: drawn / photographed, error: nil) : nil),
            edges: Self.edges(of: pictures))
    }

    private static func edges(of pictures: [PixelBuffer]) -> EdgeMeter.Figures {
        var meter = EdgeMeter()
        for picture in pictures { meter.add(picture) }
        return meter.figures
    }

    private func diversity(_ pictures: [PixelBuffer]) throws -> StyleReport.Diversity {
        let looks = try (1...4).map { try painter.drawings(of: pictures, seed: UInt64($0)) }
        var rms = 0.0
        var pairs = 0
        for first in looks.indices {
            for second in looks.indices where second > first {
                for (a, b) in zip(looks[first], looks[second]) {
                    rms += PictureDifference.meanSquare(a, b).squareRoot()
                    pairs += 1
                }
            }
        }
        let perceptual = try pictures.indices.map { index in
            try eye.perceptualDifference(looks.map { $0[index] }, perPicture: 4)
        }
        return StyleReport.Diversity(
            photos: pictures.count, seeds: looks.count, rms: rms / Double(pairs),
            perceptual: perceptual.reduce(0, +) / Double(perceptual.count))
    }

    private func cost() throws -> (StyleReport.Cost, precision: String) {
        let (width, height) = Self.frame
        let generator = try painter.generator(width: width, height: height)
        let benchmark = try GeneratorBenchmark(
            generator, width: width, height: height, gigaMACs: nil, options: request.inference,
            seconds: request.speedSeconds)
        let description = painter.description
        let cost = StyleReport.Cost(
            width: width, height: height, gigaMACs: description?.gigaMACs(width: width, height: height),
            parameters: description?.parameterCount, millisecondsPerFrame: 1000 / benchmark.framesPerSecond)
        let precision = (generator as? Generator)?.precision ?? (generator as? ForeignGenerator)?.precision
        return (cost, precision?.rawValue ?? request.inference.precision.rawValue)
    }
}
