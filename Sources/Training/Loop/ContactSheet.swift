package import Frames
internal import Model

/// Photographs beside their drawings: one row for each, with the photograph, the drawing at `z = 0` and two with other
/// codes.
package struct ContactSheet {
    /// Squares of equal size, RGB on −1…1, [N, 3, s, s].
    let photos: TorchTensor
    private let torch: Torch
    private static let seeds: [UInt64] = [0, 1, 2]

    /// Takes the middle of each picture, `side` pixels wide and high (a multiple of 16).
    package init(of pictures: [TrainingPicture], side: Int, torch: Torch) throws {
        precondition(!pictures.isEmpty)
        self.torch = torch
        let squares = try pictures.map { picture in
            let cut = Crop(
                left: (picture.width - picture.shortSide) / 2, top: (picture.height - picture.shortSide) / 2,
                side: picture.shortSide, isMirrored: false)
            return try TorchTensor.bytes(
                cut.cut(picture.rgb, width: picture.width, channels: 3), shape: [1, cut.side, cut.side, 3], torch
            ).permuted([0, 3, 1, 2]).resized(height: side, width: side)
        }
        photos = try TorchTensor.concatenated(squares, along: 0) / 127.5 - 1
    }

    /// Draws the sheet with the trainer's averaged weights.
    package func drawn(by trainer: Trainer) throws -> PixelBuffer { try drawn(by: trainer.average) }

    func drawn(by generator: GeneratorNetwork) throws -> PixelBuffer {
        let count = photos.shape[0]
        let columns = try torch.withoutGradients {
            try [photos]
                + Self.seeds.map { seed in
                    let code = StyleCode(seed: seed, dimensions: generator.description.styleDimensions)
                    let codes = try TorchTensor.floats(
                        Array(repeating: code.values, count: count).flatMap { $0 },
                        shape: [count, code.values.count], torch)
                    return try generator.draw(photos, codes: codes)
                }
        }
        // Columns side by side, rows below each other.
        let rows = try TorchTensor.concatenated(columns, along: 3)
        return try rows.picture()
    }
}

extension TorchTensor {
    /// Pictures [N, 3, H, W] on −1…1, below each other in one.
    func picture() throws -> PixelBuffer {
        let shape = shape
        let levels = try ((clamped(-1, 1) + 1) * 127.5 + 0.5).permuted([0, 2, 3, 1]).values()
        let buffer = FramePool(width: shape[3], height: shape[0] * shape[2]).makeBuffer()
        for (index, level) in levels.enumerated() { buffer.bytes[index] = UInt8(level) }
        return buffer
    }
}
