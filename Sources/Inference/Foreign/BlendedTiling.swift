/// How a picture is cut into overlapping tiles for a network of fixed size, whose drawings are cross-faded where they
/// overlap: a network from elsewhere may look at the whole tile, so its tiles do not meet exactly.
struct BlendedTiling: Sendable {
    /// A tile's place along one axis, with the weight of each of its pixels. Over all tiles the weights of a pixel of
    /// the picture add up to 1.
    struct Span: Sendable, Equatable {
        let start: Int
        let weights: [Float]
    }

    let columns: [Span]
    let rows: [Span]

    /// Tiles of `tileWidth`×`tileHeight` pixels over a picture at least as large, overlapping by an eighth or more.
    init(width: Int, height: Int, tileWidth: Int, tileHeight: Int) {
        columns = Self.spans(width, tile: tileWidth)
        rows = Self.spans(height, tile: tileHeight)
    }

    private static func spans(_ length: Int, tile: Int) -> [Span] {
        precondition(length >= tile)
        let overlap = max(1, tile / 8)
        let stride = max(1, tile - overlap)
        let count = 1 + (length - tile + stride - 1) / stride
        let starts = (0..<count).map { count == 1 ? 0 : $0 * (length - tile) / (count - 1) }
        var sums = [Float](repeating: 0, count: length)
        var spans = starts.map { start in
            // A roof over the tile, flat where it is an eighth away from the sides.
            let weights = (0..<tile).map { Float(min($0 + 1, tile - $0, overlap)) }
            for (offset, weight) in weights.enumerated() { sums[start + offset] += weight }
            return Span(start: start, weights: weights)
        }
        for index in spans.indices {
            let start = spans[index].start
            let weights = spans[index].weights.enumerated().map { $1 / sums[start + $0] }
            spans[index] = Span(start: start, weights: weights)
        }
        return spans
    }
}
