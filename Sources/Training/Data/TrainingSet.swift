internal import Model
internal import Synchronization
internal import Dispatch
internal import Frames

/// Photographs and art in memory, and batches of crops from them.
///
/// Everything random in a batch follows from the seed, the step and the process, so that a resumed training sees the same
/// batches as one that never stopped.
package final class TrainingSet {
    /// At full and, where they are large enough, at half size: the same things, near and far.
    private let photos: [TrainingPicture]
    private let art: [TrainingPicture]

    package static let leastPhotos = 2
    package static let leastArt = 1

    /// Simplifies the photographs, which takes a second for each megapixel or so; those that come with a drawing are left
    /// as they are.
    ///
    /// - Throws: `.data` where there are too few pictures at least `crop` pixels wide and high.
    package init(
        photos: [TrainingPicture], art: [TrainingPicture], abstraction: Abstraction, crop: Int
    ) throws {
        let least = Int((Double(crop) * Self.scales.upperBound).rounded(.up))
        func usable(_ pictures: [TrainingPicture], _ kind: String, atLeast count: Int) throws -> [TrainingPicture] {
            let usable = pictures.filter { $0.shortSide >= least }
            guard usable.count >= count else {
                throw SakugaError(
                    .data,
                    "only \(usable.count) of \(pictures.count) \(kind) have sides of at least \(least) pixels, expected \(count) or more",
                    hint: "add larger pictures, or choose a smaller --crop (now \(crop))")
            }
            return usable
        }
        self.art = try usable(art, "pictures of the style", atLeast: Self.leastArt)
        let photos = try usable(photos, "photographs", atLeast: Self.leastPhotos)
        let plain = photos.filter(\.flat.isEmpty)
        let halves = plain.filter { $0.shortSide / 2 >= least }.map { $0.halved() }
        self.photos = try photos.filter { !$0.flat.isEmpty } + Self.simplified(plain + halves, abstraction)
    }

    /// All cores work on it.
    private static func simplified(
        _ pictures: [TrainingPicture], _ abstraction: Abstraction
    ) throws -> [TrainingPicture] {
        let results = Mutex([Result<TrainingPicture, any Error>?](repeating: nil, count: pictures.count))
        DispatchQueue.concurrentPerform(iterations: pictures.count) { index in
            let result = Result { try pictures[index].simplified(abstraction) }
            results.withLock { $0[index] = result }
        }
        return try results.withLock { try $0.compactMap { try $0?.get() } }
    }

    /// Crops are this much larger or smaller than what the network sees.
    private static let scales = 0.8...1.25

    /// Crops of photographs, [N, 3, c, c] on −1…1, with their flat regions (the same) and lines [N, 1, c, c] on 0…1.
    struct Photos {
        let pictures: TorchTensor
        let flat: TorchTensor
        let lines: TorchTensor
    }

    func photos(_ count: Int, crop: Int, random: inout SplitMix64, _ torch: Torch) throws -> Photos {
        var pictures: [TorchTensor] = []
        var flat: [TorchTensor] = []
        var lines: [TorchTensor] = []
        for _ in 0..<count {
            let photo = photos[random.index(below: photos.count)]
            let cut = Self.crop(of: photo, crop: crop, random: &random)
            func scaled(_ bytes: [UInt8], _ channels: Int) throws -> TorchTensor {
                try Self.tensor(cut, bytes, width: photo.width, channels: channels, crop: crop, torch)
            }
            pictures.append(try scaled(photo.rgb, 3))
            flat.append(try scaled(photo.flat, 3))
            lines.append(try scaled(photo.lines, 1))
        }
        return Photos(
            pictures: try .concatenated(pictures, along: 0) / 127.5 - 1,
            flat: try .concatenated(flat, along: 0) / 127.5 - 1,
            lines: try .concatenated(lines, along: 0) / 255)
    }

    /// Crops of art, [N, 3, c, c] on −1…1. Pictures are drawn by area, so that every patch of art counts alike.
    func art(_ count: Int, crop: Int, random: inout SplitMix64, _ torch: Torch) throws -> TorchTensor {
        let crops = try (0..<count).map { _ in
            let picture = art[random.index(below: art.count)]
            let cut = Self.crop(of: picture, crop: crop, random: &random)
            return try Self.tensor(cut, picture.rgb, width: picture.width, channels: 3, crop: crop, torch)
        }
        return try TorchTensor.concatenated(crops, along: 0) / 127.5 - 1
    }

    private static func crop(of picture: TrainingPicture, crop: Int, random: inout SplitMix64) -> Crop {
        let scale = scales.lowerBound + (scales.upperBound - scales.lowerBound) * random.uniform()
        let side = min(Int((Double(crop) * scale).rounded()), picture.shortSide)
        return Crop(
            left: random.index(below: picture.width - side + 1), top: random.index(below: picture.height - side + 1),
            side: side, isMirrored: random.uniform() < 0.5)
    }

    /// [1, channels, crop, crop] on 0…255.
    private static func tensor(
        _ cut: Crop, _ bytes: [UInt8], width: Int, channels: Int, crop: Int, _ torch: Torch
    ) throws -> TorchTensor {
        let square = try TorchTensor.bytes(
            cut.cut(bytes, width: width, channels: channels), shape: [1, cut.side, cut.side, channels], torch
        ).permuted([0, 3, 1, 2])
        return cut.side == crop ? square : try square.resized(height: crop, width: crop)
    }
}
