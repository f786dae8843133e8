import Frames
import Testing

@testable import StyleMetrics

@Suite("Made-up motion")
struct SmoothMotionTests {
    @Test("a shift by whole pixels moves levels exactly")
    func wholePixels() {
        let picture = grey(40, 30) { x, y in (x * 7 + y * 11) % 251 }
        let moved = FramePool(width: 40, height: 30).makeBuffer()
        PictureWarp(SmoothMotion(shiftX: 3, shiftY: -2), width: 40, height: 30).move(picture, into: moved)
        for y in 5..<25 {
            for x in 5..<35 {
                #expect(moved.bytes[y * moved.stride + x * 3] == picture.bytes[(y - 2) * picture.stride + (x + 3) * 3])
            }
        }
    }

    @Test("a shift by half a pixel takes the middle of a slope")
    func halfPixels() {
        let picture = grey(40, 30) { x, _ in x * 4 }
        let moved = FramePool(width: 40, height: 30).makeBuffer()
        PictureWarp(SmoothMotion(shiftX: 0.5, shiftY: 0.25), width: 40, height: 30).move(picture, into: moved)
        for x in 5..<35 { #expect(moved.bytes[15 * moved.stride + x * 3] == UInt8(x * 4 + 2)) }
    }

    @Test("motions are small and smooth, differ from seed to seed and are the same for the same")
    func fields() {
        let (width, height) = (640, 360)
        var seen: Set<[Float]> = []
        for seed in 1...5 as ClosedRange<UInt64> {
            let field = SmoothMotion(seed: seed).field(width: width, height: height)
            seen.insert(Array(field.prefix(2)))
            #expect(field == SmoothMotion(seed: seed).field(width: width, height: height))
            #expect(field.allSatisfy { abs($0) < 21 })
            for index in stride(from: 0, to: field.count - 2, by: 2) where index % (2 * width) != 2 * (width - 1) {
                if abs(field[index + 2] - field[index]) > 0.2 { Issue.record("a jump in motion \(seed)") }
            }
        }
        #expect(seen.count == 5)
    }

    @Test("noise has the deviation asked for, no bias, and is the same for the same seed")
    func noise() {
        let (a, b) = (grey(200, 200) { _, _ in 128 }, grey(200, 200) { _, _ in 128 })
        PictureDifference.addNoise(to: a, deviation: 4, seed: 9)
        let even = grey(200, 200) { _, _ in 128 }
        let deviation = PictureDifference.meanSquare(a, even).squareRoot() * 255
        // Rounding to levels adds a twelfth of a squared level.
        #expect(abs(deviation - (16 + 1.0 / 12).squareRoot()) < 0.05)
        let sum = (0..<a.byteCount).reduce(0) { $0 + Int(a.bytes[$1]) }
        #expect(abs(Double(sum) / Double(a.byteCount) - 128) < 0.06)
        PictureDifference.addNoise(to: b, deviation: 4, seed: 9)
        #expect(PictureDifference.meanSquare(a, b) == 0)
    }

    @Test("the margin is left out of a difference")
    func margin() {
        let (a, b) = (grey(20, 10) { _, _ in 0 }, grey(20, 10) { x, _ in x < 3 ? 255 : 0 })
        #expect(PictureDifference.meanSquare(a, b) == 3.0 / 20)
        #expect(PictureDifference.meanSquare(a, b, margin: 3) == 0)
    }
}
