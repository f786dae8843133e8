import Frames
import Testing

@testable import Temporal

@Suite("Mixing with the original")
struct PixelBlendTests {
    private let maker = PictureMaker(37, 11)

    @Test("strength mixes linearly, rounding to the nearest level", arguments: [0.0, 0.25, 0.5, 0.8, 1.0])
    func strength(share: Double) {
        let original = maker.moved(Texture(seed: 1), 0, 0)
        let drawn = maker.moved(Texture(seed: 2), 0, 0)
        let mixed = PixelBlend(width: 37, height: 11)
            .finished(original: original, drawn: drawn, strength: share, keepColor: false)
        for i in 0..<mixed.byteCount {
            let expected = Double(original.bytes[i]) * (1 - share) + Double(drawn.bytes[i]) * share
            #expect(abs(Double(mixed.bytes[i]) - expected) < 1.1)
        }
        if share == 0 { #expect(equalPixels(mixed, original)) }
        if share == 1 { #expect(mixed === drawn) }
    }

    @Test("keeping colour gives the drawing's luma with the original's chroma")
    func keepColor() {
        let original = maker.picture { x, y in (90 + Double(x), 120, 140 - Double(y)) }
        let drawn = maker.picture { x, y in (Double(100 + x), Double(110 + 2 * y), 90) }
        let mixed = PixelBlend(width: 37, height: 11)
            .finished(original: original, drawn: drawn, strength: 1, keepColor: true)
        func luma(_ at: UnsafePointer<UInt8>) -> Double {
            0.2126 * Double(at[0]) + 0.7152 * Double(at[1]) + 0.0722 * Double(at[2])
        }
        for i in stride(from: 0, to: mixed.byteCount, by: 3) {
            let (out, from, to) = (mixed.bytes + i, original.bytes + i, drawn.bytes + i)
            #expect(abs(luma(out) - luma(to)) < 1)
            for c in 0..<2 { #expect(Int(out[c]) - Int(out[c + 1]) == Int(from[c]) - Int(from[c + 1])) }
        }
    }

    @Test("colours beyond the range are clipped")
    func clipped() {
        let original = maker.picture { _, _ in (250, 10, 10) }
        let (white, black) = (maker.picture { _, _ in (255, 255, 255) }, maker.picture { _, _ in (0, 0, 0) })
        let blend = PixelBlend(width: 37, height: 11)
        let bright = blend.finished(original: original, drawn: white, strength: 1, keepColor: true)
        let dark = blend.finished(original: original, drawn: black, strength: 1, keepColor: true)
        #expect(bright.bytes[0] == 255)
        #expect(dark.bytes[1] == 0 && dark.bytes[2] == 0)
    }

    @Test("pictures with padded rows are read at their own stride")
    func padded() {
        let padded = FramePool(width: 37, height: 11, alignment: 8).makeBuffer()
        let original = maker.moved(Texture(seed: 1), 0, 0)
        for y in 0..<11 {
            for x in 0..<padded.stride { padded.bytes[y * padded.stride + x] = UInt8((x * 7 + y * 13) % 256) }
        }
        let mixed = PixelBlend(width: 37, height: 11)
            .finished(original: original, drawn: padded, strength: 0.5, keepColor: false)
        for y in 0..<11 {
            for x in 0..<37 * 3 {
                let expected = (Int(original.bytes[y * 111 + x]) + (x * 7 + y * 13) % 256 + 1) / 2
                #expect(Int(mixed.bytes[y * 111 + x]) == expected)
            }
        }
    }
}
