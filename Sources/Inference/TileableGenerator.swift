internal import CPixels
package import Foundation
package import Frames
package import Model

/// Draws textures that tile: the picture is repeated beyond its sides before it is drawn, so that the drawing tiles as
/// the picture does.
///
/// One repeat is cut out of the larger drawing, far enough from its border. A network draws cells of some pixels
/// (`alignment`); where a side is no multiple of them, or nothing is known about the network, the repeats are drawn
/// slightly differently, and the first columns or rows are cross-faded from the next repeat.
package final class TileableGenerator: FrameGenerator {
    /// Buffers need no padding: they are copied.
    package let alignment = 1
    package let concurrency: Int
    private let generator: any FrameGenerator
    private let inputs: FramePool
    private let drawings: FramePool
    private let border: Border

    /// What is added around a picture, in pixels.
    struct Border: Equatable {
        /// On the left and above: whole cells, so that the picture lies on them as it would without a border.
        let leading: Int
        let fadeX: Int
        let fadeY: Int
        let width: Int
        let height: Int

        /// - Parameters:
        ///   - cell: the alignment of a network of which it is known that it draws all cells alike; nil: unknown.
        init(width: Int, height: Int, margin: Int, cell: Int?) {
            func fade(_ side: Int) -> Int { cell.map { side % $0 == 0 } ?? false ? 0 : min(longestFade, side / 2) }
            leading = margin
            (fadeX, fadeY) = (fade(width), fade(height))
            self.width = width + 2 * margin + fadeX
            self.height = height + 2 * margin + fadeY
        }
    }

    /// Columns or rows of the cross-fade.
    private static let longestFade = 32
    /// How far a network from elsewhere is taken to look: its true reach is not known. Those of the AnimeGAN family look
    /// some 50 to 100 pixels far with their convolutions.
    package static let foreignMargin = 128
    /// Sides of the repeated picture.
    private static let sides = Generator.sides.lowerBound...(Generator.sides.upperBound + 1024)

    /// Wraps the generator of a preset, which looks a known number of pixels far.
    package init(
        preset: Preset, size: String? = nil, seed: UInt64 = 0, width: Int, height: Int,
        options: InferenceOptions = .init()
    ) throws {
        let description = try preset.size(named: size).generator
        try Generator.check(width, height)
        border = Border(
            width: width, height: height, margin: description.receptiveRadius, cell: description.alignment)
        generator = try Generator(
            preset: preset, size: size, seed: seed, width: border.width, height: border.height, options: options,
            sides: Self.sides)
        (inputs, drawings) = Self.pools(border, generator)
        concurrency = generator.concurrency
    }

    /// Wraps a network from elsewhere, with a margin of `foreignMargin` pixels.
    package init(
        model file: URL, range: ModelRange? = nil, width: Int, height: Int, options: InferenceOptions = .init()
    ) throws {
        try Generator.check(width, height)
        border = Border(width: width, height: height, margin: Self.foreignMargin, cell: nil)
        generator = try ForeignGenerator(
            model: file, range: range, width: border.width, height: border.height, options: options, sides: Self.sides)
        (inputs, drawings) = Self.pools(border, generator)
        concurrency = generator.concurrency
    }

    private static func pools(_ border: Border, _ generator: some FrameGenerator) -> (FramePool, FramePool) {
        func pool() -> FramePool {
            FramePool(width: border.width, height: border.height, alignment: generator.alignment)
        }
        return (pool(), pool())
    }

    package func draw(_ input: PixelBuffer, into output: PixelBuffer) throws {
        let (repeated, drawing) = (inputs.makeBuffer(), drawings.makeBuffer())
        let (width, height) = (Int32(input.width), Int32(input.height))
        let margin = Int32(border.leading)
        pixels_wrap(
            Self.picture(input), width, height, Self.picture(repeated), Int32(border.width), Int32(border.height),
            margin, margin)
        try generator.draw(repeated, into: drawing)
        pixels_unwrap(
            Self.picture(drawing), margin, margin, Self.picture(output), width, height, Int32(border.fadeX),
            Int32(border.fadeY))
    }

    private static func picture(_ buffer: PixelBuffer) -> pixels_picture {
        pixels_picture(rgb: buffer.bytes, stride: buffer.stride)
    }
}
