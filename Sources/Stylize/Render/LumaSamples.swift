internal import Frames

/// The brightness of some places of a picture, to tell how much it differs from the one before. Used by one thread.
struct LumaSamples {
    private var last: [Int] = []
    private static let (columns, rows) = (64, 36)

    /// The mean absolute difference to the picture given before, 0…255; nil for the first one.
    mutating func difference(to pixels: PixelBuffer) -> Double? {
        let (columns, rows) = (min(Self.columns, pixels.width), min(Self.rows, pixels.height))
        var samples: [Int] = []
        samples.reserveCapacity(columns * rows)
        for row in 0..<rows {
            let line = pixels.bytes + (2 * row + 1) * pixels.height / (2 * rows) * pixels.stride
            for column in 0..<columns {
                let pixel = line + (2 * column + 1) * pixels.width / (2 * columns) * 3
                // BT.601's weights, in 1/256.
                samples.append((77 * Int(pixel[0]) + 150 * Int(pixel[1]) + 29 * Int(pixel[2])) >> 8)
            }
        }
        defer { last = samples }
        guard last.count == samples.count else { return nil }
        return Double(zip(samples, last).reduce(0) { $0 + abs($1.0 - $1.1) }) / Double(samples.count)
    }
}
