import Foundation
import Frames
import Testing

@testable import Temporal

@Suite("Temporal smoothing")
struct TemporalFilterTests {
    @Test(
        "a still scene with sensor noise flickers at most half as much", arguments: [SmoothingStrength.light, .strong])
    func noise(strength: SmoothingStrength) throws {
        let (width, height) = (320, 180)
        let maker = PictureMaker(width, height)
        let still = maker.moved(Texture(seed: 11), 0, 0)
        var random = SeededRandom(1)
        let estimator = try MotionEstimator(width: width, height: height)
        let filter = TemporalFilter(width: width, height: height, strength: strength)
        let meter = try StabilityMeter(width: width, height: height)
        for _ in 0..<12 {
            let picture = maker.noisy(still, sigma: 4, &random)
            let smoothed = try filter.smoothed(picture, motion: estimator.motion(to: picture))
            try meter.add(original: picture, stylized: smoothed, unsmoothed: picture)
        }
        let report = meter.report()
        let smoothed = try #require(report.warpingError)
        let unsmoothed = try #require(report.unsmoothedWarpingError)
        #expect(smoothed < (strength == .strong ? 0.5 : 0.6) * unsmoothed, "\(smoothed / unsmoothed) of the error")
    }

    @Test("a moving square leaves no trail in what it uncovers")
    func noTrail() throws {
        let (width, height) = (320, 180)
        let maker = PictureMaker(width, height)
        let (ground, square) = (Texture(seed: 21), Texture(seed: 22))
        let estimator = try MotionEstimator(width: width, height: height)
        let filter = TemporalFilter(width: width, height: height, strength: .strong)
        let (side, speed) = (60, 6)
        var worst = 0.0
        for step in 0..<20 {
            let left = 20 + speed * step
            let picture = maker.picture { x, y in
                (left..<left + side).contains(x) && (60..<60 + side).contains(y)
                    ? square.color(Double(x - left), Double(y)) : ground.color(Double(x), Double(y))
            }
            let smoothed = try filter.smoothed(picture, motion: estimator.motion(to: picture))
            guard step > 0 else { continue }
            // What the square has left free in this step and in the two before.
            var sum = 0.0
            for y in 66..<114 {
                for x in (left - 3 * speed)..<left {
                    for c in 0..<3 {
                        let at = y * picture.stride + x * 3 + c
                        sum += abs(Double(picture.bytes[at]) - Double(smoothed.bytes[at]))
                    }
                }
            }
            worst = max(worst, sum / Double(48 * 3 * speed * 3))
        }
        #expect(worst < 4, "mean difference of \(worst) levels behind the square")
    }

    @Test("after a hard cut the frame is exactly as drawn")
    func cut() throws {
        let maker = PictureMaker(160, 96)
        let estimator = try MotionEstimator(width: 160, height: 96)
        let filter = TemporalFilter(width: 160, height: 96, strength: .strong)
        for (seed, step) in [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)] {
            let picture = maker.moved(Texture(seed: UInt64(seed)), Double(step), 0)
            let smoothed = try filter.smoothed(picture, motion: estimator.motion(to: picture))
            if step == 0 { #expect(smoothed === picture) } else { #expect(smoothed !== picture) }
        }
    }

    @Test("without smoothing every frame passes through")
    func off() throws {
        let maker = PictureMaker(64, 64)
        let estimator = try MotionEstimator(width: 64, height: 64)
        let filter = TemporalFilter(width: 64, height: 64, strength: .off)
        for step in 0..<3 {
            let picture = maker.moved(Texture(seed: 1), Double(step), 0)
            #expect(try filter.smoothed(picture, motion: estimator.motion(to: picture)) === picture)
        }
    }

    @Test("a drawing that is already stable stays as sharp as it is")
    func sharpness() throws {
        let (width, height) = (320, 180)
        let maker = PictureMaker(width, height)
        let texture = Texture(seed: 31, shortest: 4)
        let estimator = try MotionEstimator(width: width, height: height)
        let filter = TemporalFilter(width: width, height: height, strength: .strong)
        let meter = try StabilityMeter(width: width, height: height)
        for step in 0..<12 {
            let picture = maker.moved(texture, Double(step) * 1.37, Double(step) * -0.61)
            let smoothed = try filter.smoothed(picture, motion: estimator.motion(to: picture))
            try meter.add(original: picture, stylized: smoothed, unsmoothed: picture)
        }
        let report = meter.report()
        #expect(try #require(report.sharpnessRatio) > 0.97)
        #expect(try #require(report.psnr) > 33)
    }

    @Test("a slow drift stays as sharp as it is", arguments: [0.1, 0.3, 0.5])
    func drift(speed: Double) throws {
        let (width, height) = (320, 180)
        let maker = PictureMaker(width, height)
        let texture = Texture(seed: 32, shortest: 5)
        let estimator = try MotionEstimator(width: width, height: height)
        let filter = TemporalFilter(width: width, height: height, strength: .strong)
        var last: (drawn: PixelBuffer, smoothed: PixelBuffer)?
        for step in 0..<10 {
            let picture = maker.moved(texture, Double(step) * speed, 0)
            last = (picture, try filter.smoothed(picture, motion: estimator.motion(to: picture)))
        }
        let (drawn, smoothed) = try #require(last)
        #expect(meanSquaredDifference(drawn, smoothed) < 4)
    }

    @Test("the cost of smoothing is told part by part and stays small", .enabled(if: optimizedForThisMachine))
    func cost() throws {
        let maker = PictureMaker(640, 360)
        let texture = Texture(seed: 1)
        let pictures = (0..<6).map { maker.moved(texture, Double($0) * 2.3, Double($0)) }
        let cost = try SmoothingCost.measured(originals: pictures, drawn: pictures)
        // 7 ms where the aim is 10; twice the aim leaves room for a slow or busy machine.
        #expect(cost.total < 20, "\(cost)")
        #expect(cost.flow > 0 && cost.confirmation > 0 && cost.reduce > 0 && cost.visibility > 0 && cost.blend > 0)
    }
}

/// The loops are compiled for vectors of at least 256 bits where the processor has them; elsewhere they take longer.
private let optimizedForThisMachine =
    (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("avx2") ?? false
