import Frames
import StyleMetrics
import Testing

@Suite("Edges")
struct EdgeMeterTests {
    private func figures(_ level: (Int, Int) -> Int, width: Int = 41, height: Int = 30) -> EdgeMeter.Figures {
        var meter = EdgeMeter()
        meter.add(grey(width, height, level))
        return meter.figures
    }

    @Test("an even picture is all flat and has no edges")
    func even() {
        let found = figures { _, _ in 120 }
        #expect(found.flatness == 1 && found.meanGradient == 0 && found.strongEdges == 0 && found.sharpness == nil)
    }

    @Test("a hard step is one column of strong edge, as sharp as can be, and carries all change")
    func step() throws {
        let found = figures { x, _ in x < 20 ? 20 : 220 }
        // 40 columns have a right neighbour; the step is one of them.
        #expect(abs(found.strongEdges - 1 / 40.0) < 1e-9 && abs(found.flatness - 39 / 40.0) < 1e-9)
        #expect(abs(found.meanGradient - 200 / 40.0) < 1e-9 && abs(found.concentration - 1) < 1e-9)
        #expect(try #require(found.sharpness) == 1)
    }

    @Test("a slope is nowhere flat, evenly steep and soft")
    func slope() throws {
        let found = figures({ x, _ in x * 12 }, width: 20)
        #expect(found.flatness == 0 && found.strongEdges == 0 && found.meanGradient == 12)
        #expect(abs(found.concentration - 0.1) < 1e-9)
        #expect(try #require(found.sharpness) == 0.25)
    }

    @Test("figures of two pictures are those of all their pixels")
    func together() {
        var meter = EdgeMeter()
        meter.add(grey(41, 30) { _, _ in 5 })
        meter.add(grey(41, 30) { x, _ in x < 20 ? 20 : 220 })
        #expect(abs(meter.figures.strongEdges - 1 / 80.0) < 1e-9)
    }
}

/// A grey picture whose levels are computed from x and y.
func grey(_ width: Int, _ height: Int, _ level: (Int, Int) -> Int) -> PixelBuffer {
    let picture = FramePool(width: width, height: height).makeBuffer()
    for y in 0..<height {
        for x in 0..<width {
            for channel in 0..<3 {
                picture.bytes[y * picture.stride + x * 3 + channel] = UInt8(min(255, max(0, level(x, y))))
            }
        }
    }
    return picture
}
