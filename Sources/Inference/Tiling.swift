/// How a picture is cut into overlapping tiles of one shape, so that one compiled network serves them all and the
/// drawing is the same as without tiles.
///
/// Each tile is drawn whole, and of its drawing only the part is kept whose neighbourhood lies inside the tile; at the
/// picture's own border the tile ends where the picture ends, so that zero padding meets the same pixels.
struct Tiling: Sendable, Equatable {
    /// A stretch of one axis.
    struct Span: Sendable, Equatable {
        /// First pixel of the tile.
        let start: Int
        /// The pixels whose drawing is kept, counted from the picture's edge.
        let kept: Range<Int>
    }

    /// Sides of every tile, in pixels.
    let tileWidth: Int
    let tileHeight: Int
    let columns: [Span]
    let rows: [Span]

    var count: Int { columns.count * rows.count }

    /// Cuts a picture of `width`×`height` pixels into the fewest pixels to be drawn.
    ///
    /// - Parameters:
    ///   - alignment: Tiles start and end at multiples of this; `width` and `height` are such multiples.
    ///   - margin: How far a pixel's drawing looks to each side, a multiple of `alignment`.
    ///   - fits: Whether a tile of these sides is small enough. Where none is, the smallest tiles are taken.
    init(width: Int, height: Int, alignment: Int, margin: Int, fits: (_ width: Int, _ height: Int) -> Bool) {
        let widths = Self.lengths(width, alignment, margin)
        let heights = Self.lengths(height, alignment, margin)
        var best: (area: Int, columns: Int, rows: Int)?
        for (columns, tileWidth) in widths.enumerated() {
            for (rows, tileHeight) in heights.enumerated() where fits(tileWidth, tileHeight) {
                let area = (columns + 1) * (rows + 1) * tileWidth * tileHeight
                if area < best?.area ?? .max { best = (area, columns, rows) }
            }
        }
        let (columns, rows) = best.map { ($0.columns, $0.rows) } ?? (widths.count - 1, heights.count - 1)
        tileWidth = widths[columns]
        tileHeight = heights[rows]
        self.columns = Self.spans(width, tile: tileWidth, count: columns + 1, alignment, margin)
        self.rows = Self.spans(height, tile: tileHeight, count: rows + 1, alignment, margin)
    }

    /// Lengths of the tiles when an axis is cut into 1, 2, 3, … of them, as long as each keeps a fair share.
    private static func lengths(_ length: Int, _ alignment: Int, _ margin: Int) -> [Int] {
        var lengths = [length]
        let least = 4 * margin
        while true {
            let count = lengths.count + 1
            let overlapped = length + (count - 1) * 2 * margin
            let tile = (overlapped + count * alignment - 1) / (count * alignment) * alignment
            guard tile >= least, tile < length else { return lengths }
            lengths.append(tile)
        }
    }

    private static func spans(_ length: Int, tile: Int, count: Int, _ alignment: Int, _ margin: Int) -> [Span] {
        guard count > 1 else { return [Span(start: 0, kept: 0..<length)] }
        // Spread evenly, on multiples of the alignment; neighbours overlap by two margins or more.
        let starts = (0..<count).map { $0 * (length - tile) / ((count - 1) * alignment) * alignment }
        var spans: [Span] = []
        var from = 0
        for (index, start) in starts.enumerated() {
            let to = index + 1 < count ? starts[index + 1] + margin : length
            spans.append(Span(start: start, kept: from..<to))
            from = to
        }
        return spans
    }
}
