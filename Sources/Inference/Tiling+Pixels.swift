internal import Frames

extension Tiling {
    /// Draws a picture tile by tile.
    ///
    /// - Parameters:
    ///   - scratch: memory for a tile and for its drawing, each of the tiles' size without gaps.
    ///   - drawTile: draws the one into the other.
    func draw(
        _ input: PixelBuffer, into output: PixelBuffer,
        through scratch: (tile: UnsafeMutablePointer<UInt8>, drawing: UnsafeMutablePointer<UInt8>),
        _ drawTile: () throws -> Void
    ) rethrows {
        for row in rows {
            for column in columns {
                copyTile(of: input, from: (column, row), to: scratch.tile)
                try drawTile()
                copyKept(scratch.drawing, of: (column, row), to: output)
            }
        }
    }

    private func copyTile(
        of picture: PixelBuffer, from tile: (column: Span, row: Span), to scratch: UnsafeMutablePointer<UInt8>
    ) {
        let length = tileWidth * 3
        for y in 0..<tileHeight {
            let source = picture.bytes + (tile.row.start + y) * picture.stride + tile.column.start * 3
            (scratch + y * length).update(from: source, count: length)
        }
    }

    private func copyKept(
        _ scratch: UnsafeMutablePointer<UInt8>, of tile: (column: Span, row: Span), to drawing: PixelBuffer
    ) {
        let kept = tile.column.kept
        for y in tile.row.kept {
            let source = scratch + ((y - tile.row.start) * tileWidth + kept.lowerBound - tile.column.start) * 3
            (drawing.bytes + y * drawing.stride + kept.lowerBound * 3).update(from: source, count: kept.count * 3)
        }
    }
}
