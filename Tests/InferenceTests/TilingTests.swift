import Testing

@testable import Inference

@Suite("Tiling")
struct TilingTests {
    @Test("a picture that fits is one tile")
    func onePiece() {
        let tiling = Tiling(width: 640, height: 360, alignment: 8, margin: 88) { _, _ in true }
        #expect(tiling.count == 1)
        #expect(tiling.tileWidth == 640)
        #expect(tiling.rows == [Tiling.Span(start: 0, kept: 0..<360)])
    }

    @Test(
        "tiles lie inside the picture on aligned places, and every pixel is kept once, a margin away from cut edges",
        arguments: [(7680, 4320), (3840, 2160), (1288, 720), (1000, 8192), (8192, 16), (736, 744)],
        [120_000, 300_000, 2_000_000])
    func coverage(size: (Int, Int), limit: Int) {
        let (width, height) = size
        let tiling = Tiling(width: width, height: height, alignment: 8, margin: 88) { $0 * $1 <= limit }
        for (length, tile, spans) in [
            (width, tiling.tileWidth, tiling.columns), (height, tiling.tileHeight, tiling.rows),
        ] {
            var next = 0
            for span in spans {
                #expect(span.start % 8 == 0 && span.start >= 0 && span.start + tile <= length)
                #expect(span.kept.lowerBound == next)
                #expect(span.start == 0 || span.kept.lowerBound >= span.start + 88)
                #expect(span.start + tile == length || span.kept.upperBound <= span.start + tile - 88)
                next = span.kept.upperBound
            }
            #expect(next == length)
        }
        let smallest = tiling.tileWidth <= 8 * 88 && tiling.tileHeight <= 8 * 88
        #expect(tiling.tileWidth * tiling.tileHeight <= limit || smallest)
    }
}
