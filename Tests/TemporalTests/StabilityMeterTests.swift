import Foundation
import Frames
import Testing

@testable import Temporal

@Suite("Stability measures")
struct StabilityMeterTests {
    private let maker = PictureMaker(160, 96)

    @Test("identical stills have no error")
    func stills() throws {
        let still = maker.moved(Texture(seed: 1), 0, 0)
        let meter = try StabilityMeter(width: 160, height: 96)
        for _ in 0..<3 { try meter.add(original: still, stylized: still, unsmoothed: still) }
        let report = meter.report()
        #expect(report.frames == 3 && report.cuts == 0)
        // Farnebäck's flow of a still is not exactly 0.
        #expect(try #require(report.warpingError) < 1e-7)
        #expect(try #require(report.calmWarpingError) < 1e-7)
        #expect(report.warpingErrorDIS == 0)
        #expect(report.calmShare == 1)
        #expect(report.sharpnessRatio == 1 && report.psnr == nil)
    }

    @Test("white noise of variance s² on a still gives a warping error of 2s²")
    func knownNoise() throws {
        let still = maker.moved(Texture(seed: 1), 0, 0)
        let middle = maker.picture { _, _ in (128, 128, 128) }
        var random = SeededRandom(7)
        let meter = try StabilityMeter(width: 160, height: 96)
        let sigma = 6.0
        for _ in 0..<8 { try meter.add(original: still, stylized: maker.noisy(middle, sigma: sigma, &random)) }
        // Rounding to whole levels adds a variance of 1/12.
        let expected = 2 * (sigma * sigma + 1.0 / 12) / (255 * 255)
        let report = meter.report()
        #expect(abs(try #require(report.warpingError) / expected - 1) < 0.03)
        #expect(abs(try #require(report.warpingErrorDIS) / expected - 1) < 0.03)
        #expect(abs(try #require(report.calmWarpingError) / expected - 1) < 0.03)
    }

    @Test("a drawing that moves with its input has next to no error, one that stays behind has much")
    func followsMotion() throws {
        let texture = Texture(seed: 2, shortest: 12)
        let (following, staying) = (
            try StabilityMeter(width: 160, height: 96), try StabilityMeter(width: 160, height: 96)
        )
        let still = maker.moved(texture, 0, 0)
        for step in 0..<4 {
            let picture = maker.moved(texture, Double(step) * 2, 0)
            try following.add(original: picture, stylized: picture)
            try staying.add(original: picture, stylized: still)
        }
        let moving = try #require(following.report().warpingError)
        #expect(moving < 1e-4)
        #expect(try #require(staying.report().warpingError) > 20 * moving)
    }

    @Test("calm leaves out what changes in the input")
    func calm() throws {
        let ground = Texture(seed: 3)
        let meter = try StabilityMeter(width: 160, height: 96)
        for step in 0..<4 {
            // The left half flickers in the input and the drawing, the right half in neither.
            let light = step % 2 == 0 ? 0.0 : 12.0
            let picture = maker.picture { x, y in
                let (red, green, blue) = ground.color(Double(x), Double(y))
                let added = x < 80 ? light : 0
                return (red + added, green + added, blue + added)
            }
            try meter.add(original: picture, stylized: picture)
        }
        let report = meter.report()
        #expect(try #require(report.calmShare) > 0.4)
        #expect(try #require(report.calmShare) < 0.6)
        #expect(try #require(report.calmWarpingError) < 0.1 * #require(report.warpingError))
    }

    @Test("what moves without changing is calm, what stays beside it but under its flow is unmoved")
    func calmAlongTheMotion() throws {
        let (walker, ground) = (Texture(seed: 2, shortest: 12), Texture(seed: 7, shortest: 12))
        let (whole, beside) = (try StabilityMeter(width: 160, height: 96), try StabilityMeter(width: 160, height: 96))
        for step in 0..<4 {
            let picture = maker.moved(walker, Double(step) * 2, 0)
            try whole.add(original: picture, stylized: picture)
            let passing = maker.picture { x, y in
                x < 60 + step * 4 ? walker.color(Double(x - step * 4), Double(y)) : ground.color(Double(x), Double(y))
            }
            try beside.add(original: passing, stylized: passing)
        }
        #expect(try #require(whole.report().calmShare) > 0.95)
        let report = beside.report()
        // The drawing is the input, so that each figure is below the limit by which its pixels were chosen, a third of it
        // for one channel of three; along a flow that spills over, what is unmoved has errors.
        #expect(try #require(report.calmWarpingError) < StabilityMeter.calmLimit / 3)
        #expect(try #require(report.unmovedChange) < StabilityMeter.calmLimit / 3)
        #expect(try #require(report.unmovedWarpingError) > 2 * #require(report.calmWarpingError))
    }

    @Test("blur lowers sharpness, and the mean gradient of a ramp is its slope")
    func sharpness() throws {
        let ramp = maker.picture { x, _ in (Double(x), Double(x), Double(x)) }
        let meter = try StabilityMeter(width: 160, height: 96)
        try meter.add(original: ramp, stylized: ramp)
        #expect(abs(meter.report().sharpness - 1) < 1e-6)

        let sharp = Texture(seed: 4, shortest: 4)
        let blurred = maker.picture { x, y in
            let around = [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)].map {
                sharp.color(Double(x) + $0.0, Double(y) + $0.1)
            }
            let mean = around.reduce((0, 0, 0)) { ($0.0 + $1.0 / 4, $0.1 + $1.1 / 4, $0.2 + $1.2 / 4) }
            return mean
        }
        let compared = try StabilityMeter(width: 160, height: 96)
        try compared.add(original: blurred, stylized: blurred, unsmoothed: maker.moved(sharp, 0, 0))
        #expect(try #require(compared.report().sharpnessRatio) < 0.95)
    }

    @Test("PSNR is that of the mean squared error over the clip")
    func psnr() throws {
        let (dark, light) = (maker.picture { _, _ in (100, 100, 100) }, maker.picture { _, _ in (110, 110, 110) })
        let meter = try StabilityMeter(width: 160, height: 96)
        try meter.add(original: dark, stylized: dark, unsmoothed: dark)
        try meter.add(original: dark, stylized: dark, unsmoothed: light)
        #expect(abs(try #require(meter.report().psnr) - 10 * log10(255 * 255 / 50.0)) < 1e-9)
    }

    @Test("cuts count in no error")
    func cuts() throws {
        let (first, second) = (Texture(seed: 5), Texture(seed: 6))
        let meter = try StabilityMeter(width: 160, height: 96)
        for texture in [first, first, second, second] {
            let picture = maker.moved(texture, 0, 0)
            try meter.add(original: picture, stylized: picture)
        }
        let report = meter.report()
        #expect(report.cuts == 1)
        #expect(try #require(report.warpingError) < 1e-7)
    }
}
