internal import Foundation
internal import Frames
internal import Media
internal import Model

/// Every file that an augmentation makes, with what it is made from. Paths of sources begin in the data set, those of
/// outputs in the output folder.
struct AugmentPlan: Sendable {
    /// A picture and everything that is made of it.
    struct Task: Sendable {
        let picture: String
        /// One for each seed, in their order.
        let drawings: [ManifestEntry]
        /// Labels and masks of each seed, in the same order.
        let labels: [[ManifestEntry]]
        /// The picture itself and its labels, where originals are kept.
        let originals: [ManifestEntry]
    }

    private(set) var tasks: [Task] = []
    /// What describes the whole, and texts and masks that belong to no picture.
    private(set) var carried: [ManifestEntry] = []
    /// JSON files: rewritten where they are COCO's.
    let documents: [ManifestEntry]

    /// - Throws: `.usage` where two sources would get one output.
    init(_ dataset: Dataset, _ request: AugmentRequest, choice: PresetLibrary.Choice) throws(SakugaError) {
        let index = PictureIndex(dataset.pictures)
        var labels: [Int: [(file: String, rest: String)]] = [:]
        for (files, allowsRest) in [(dataset.sideFiles, true), (dataset.texts, false)] {
            for file in files {
                if let match = index.match(file, allowsRest: allowsRest) {
                    labels[match.picture, default: []].append((file, match.rest))
                } else {
                    carried.append(.copy(of: file, to: file))
                }
            }
        }
        carried += dataset.others.map { .copy(of: $0, to: $0) }
        documents = dataset.documents.map { .copy(of: $0, to: $0) }
        let preset = (name: "\(choice.preset.name):\(choice.size.name)", version: choice.preset.version)
        let dimensions = choice.size.generator.styleDimensions
        let styles = request.seeds.map { StyleCode(seed: $0, dimensions: dimensions).values }
        for (number, picture) in dataset.pictures.enumerated() {
            let own = labels[number] ?? []
            let drawings = zip(request.seeds, styles).map { seed, style in
                ManifestEntry(
                    drawing: picture, to: Self.name(of: picture, seed: seed), seed: seed, style: style,
                    strength: Self.strength(request.strength, of: picture, seed: seed), preset: preset,
                    version: request.version)
            }
            let copies = request.seeds.map { seed in
                own.map { ManifestEntry.copy(of: $0.file, to: Self.name(of: $0.file, rest: $0.rest, seed: seed)) }
            }
            let kept = request.keepsOriginals ? [picture] + own.map(\.file) : []
            let originals = kept.map { ManifestEntry.copy(of: $0, to: $0) }
            tasks.append(Task(picture: picture, drawings: drawings, labels: copies, originals: originals))
        }
        try check()
    }

    /// All files but the drawings.
    var copies: [ManifestEntry] { carried + documents + tasks.flatMap { $0.labels.flatMap { $0 } + $0.originals } }

    private func check() throws(SakugaError) {
        var sources: [String: String] = [AugmentManifest.name: "the manifest"]
        for entry in tasks.flatMap(\.drawings) + copies {
            if let other = sources.updateValue(entry.source, forKey: entry.output) {
                throw SakugaError(
                    .usage, "'\(other)' and '\(entry.source)' would both become '\(entry.output)'",
                    hint: "rename one of them")
            }
        }
    }

    /// `dog.jpg` becomes `dog-s3.jpg` for seed 3: data sets keep their formats where these can be written, and are PNG
    /// where not.
    private static func name(of picture: String, seed: UInt64) -> String {
        let own = (picture as NSString).pathExtension
        let ending = ["png", "jpg", "jpeg", "webp"].contains(own.lowercased()) ? own : "png"
        return "\((picture as NSString).deletingPathExtension)-s\(seed).\(ending)"
    }

    /// `dog_mask.png` becomes `dog-s3_mask.png`.
    static func name(of file: String, rest: String, seed: UInt64) -> String {
        let stem = (file as NSString).deletingPathExtension.dropLast(rest.count)
        let ending = (file as NSString).pathExtension
        return "\(stem)-s\(seed)\(rest)" + (ending.isEmpty ? "" : "." + ending)
    }

    /// The same for the same path and seed on every machine, in thousandths.
    private static func strength(_ range: ClosedRange<Double>, of picture: String, seed: UInt64) -> Double {
        var state = UInt64(14_695_981_039_346_656_037)
        for byte in picture.utf8 { state = (state ^ UInt64(byte)) &* 1_099_511_628_211 }
        var numbers = SplitMix64(state: state &+ seed &* 0x2545_F491_4F6C_DD1D)
        let drawn = range.lowerBound + numbers.uniform() * (range.upperBound - range.lowerBound)
        return (drawn * 1000).rounded() / 1000
    }
}
