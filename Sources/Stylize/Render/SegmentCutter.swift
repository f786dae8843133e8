internal import Frames
internal import Media

/// Tells a film's segments apart as its pictures go by. Used by one thread, in the order of showing.
final class SegmentCutter {
    /// What a picture is in the plan.
    struct Place: Sendable {
        /// A segment begins with it.
        var start: SegmentStart?
        /// The next segment, should it begin by length, swings in with it.
        var warmsNext: Bool
    }

    private var rule = SegmentRule()
    /// The segment to go on with, where drawing does not begin with the film.
    private let known: SegmentStart?
    private var samples: [UInt8] = []
    /// The last pictures: number, ticks and samples.
    private var last: [(number: Int, ticks: Int64, samples: [UInt8])] = []
    private static let (columns, rows) = (64, 36)

    /// - Parameter known: the segment whose pictures, or some before them, come first; nil: the film begins.
    init(_ known: SegmentStart? = nil) { self.known = known }

    func place(of frame: Frame) -> Place {
        let before = samples
        samples = Self.samples(of: frame.pixels)
        let difference = before.count == samples.count ? Self.difference(samples, before) : nil
        let number = frame.number
        defer {
            if last.count == SegmentRule.warmUp { last.removeFirst() }
            last.append((number, frame.timestamp.ticks, samples))
        }
        if let known, !known.holds(number) {
            return Place(start: nil, warmsNext: known.begin == .length)
        }
        let isKnown = known?.first == number
        guard let begin = rule.begin(number, difference: difference, known: isKnown ? known?.begin : nil) else {
            return Place(start: nil, warmsNext: rule.warmsNext(number))
        }
        if isKnown { return Place(start: known, warmsNext: false) }
        var from = (number: number, ticks: frame.timestamp.ticks, samples: samples)
        if begin == .length, let first = last.first { from = first }
        return Place(
            start: SegmentStart(
                first: number, begin: begin, from: from.number, ticks: from.ticks,
                look: Self.look(from.samples)),
            warmsNext: false)
    }

    /// What a picture looks like, to know it again.
    static func look(of pixels: PixelBuffer) -> String { look(samples(of: pixels)) }

    private static func look(_ samples: [UInt8]) -> String {
        let hash = ContentHash()
        samples.withUnsafeBytes(hash.add)
        return String(hash.digest().prefix(16))
    }

    /// The brightness of some places of a picture, 0…255, with BT.601's weights.
    private static func samples(of pixels: PixelBuffer) -> [UInt8] {
        let (columns, rows) = (min(Self.columns, pixels.width), min(Self.rows, pixels.height))
        var samples: [UInt8] = []
        samples.reserveCapacity(columns * rows)
        for row in 0..<rows {
            let line = pixels.bytes + (2 * row + 1) * pixels.height / (2 * rows) * pixels.stride
            for column in 0..<columns {
                let pixel = line + (2 * column + 1) * pixels.width / (2 * columns) * 3
                let (red, green, blue) = (Int(pixel[0]), Int(pixel[1]), Int(pixel[2]))
                samples.append(UInt8((77 * red + 150 * green + 29 * blue) >> 8))
            }
        }
        return samples
    }

    private static func difference(_ samples: [UInt8], _ others: [UInt8]) -> Double {
        var sum = 0
        for index in samples.indices { sum += abs(Int(samples[index]) - Int(others[index])) }
        return Double(sum) / Double(samples.count)
    }
}
