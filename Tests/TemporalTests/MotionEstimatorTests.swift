import Frames
import Testing

@testable import Temporal

@Suite("Motion estimation")
struct MotionEstimatorTests {
    @Test(
        "a translated texture is found to within a quarter of a pixel",
        arguments: [(0.0, 0.0), (1.5, 0.0), (3.0, -2.0), (-6.25, 4.5), (11.0, 7.0)])
    func translation(dx: Double, dy: Double) throws {
        let maker = PictureMaker(320, 180)
        let texture = Texture(seed: 3)
        let estimator = try MotionEstimator(width: 320, height: 180)
        #expect(try estimator.motion(to: maker.moved(texture, 0, 0)).isCut)
        let motion = try estimator.motion(to: maker.moved(texture, dx, dy))
        #expect(!motion.isCut)
        var error = 0.0
        var weight = 0.0
        var count = 0.0
        for row in 10..<80 {
            for column in 10..<150 {
                let value = motion.value(column: column, row: row)
                error += (pow2(Double(value.dx) + dx) + pow2(Double(value.dy) + dy)).squareRoot()
                weight += Double(value.weight)
                count += 1
            }
        }
        #expect(error / count < 0.25, "mean end-point error \(error / count) px of full size")
        #expect(weight / count > 0.9)
    }

    @Test("where the source lies outside the picture there is no trust")
    func border() throws {
        let maker = PictureMaker(320, 180)
        let texture = Texture(seed: 5)
        let estimator = try MotionEstimator(width: 320, height: 180)
        _ = try estimator.motion(to: maker.moved(texture, 0, 0))
        let motion = try estimator.motion(to: maker.moved(texture, 12, 0))
        func mean(column: Int) -> Float {
            (10..<80).reduce(0) { $0 + motion.value(column: column, row: $1).weight } / 70
        }
        #expect(mean(column: 1) < 0.15)
        #expect(mean(column: 80) > 0.8)
    }

    @Test("a hard cut is a cut, the frame after it is not")
    func cut() throws {
        let maker = PictureMaker(160, 96)
        let (first, second) = (Texture(seed: 1), Texture(seed: 2))
        let estimator = try MotionEstimator(width: 160, height: 96)
        let cuts = try [
            maker.moved(first, 0, 0), maker.moved(first, 1, 0), maker.moved(second, 0, 0), maker.moved(second, 1, 0),
        ].map { try estimator.motion(to: $0).isCut }
        #expect(cuts == [true, false, true, false])
    }

    @Test("cuts in a row are all found")
    func cutsInARow() throws {
        let maker = PictureMaker(160, 96)
        let estimator = try MotionEstimator(width: 160, height: 96)
        for seed in 10..<16 {
            #expect(try estimator.motion(to: maker.moved(Texture(seed: UInt64(seed)), 0, 0)).isCut)
        }
    }

    @Test(
        "any size works",
        arguments: [(16, 16), (1, 1), (640, 1), (1, 640), (17, 33), (93, 117), (641, 361), (64, 16), (1000, 20)])
    func sizes(width: Int, height: Int) throws {
        let maker = PictureMaker(width, height)
        let texture = Texture(seed: 8)
        let estimator = try MotionEstimator(width: width, height: height)
        let filter = TemporalFilter(width: width, height: height, strength: .strong)
        for step in 0..<4 {
            let picture = maker.moved(texture, Double(step), 0)
            let smoothed = try filter.smoothed(picture, motion: estimator.motion(to: picture))
            #expect(smoothed.width == width && smoothed.height == height)
        }
    }

    @Test("the same pictures give the same motion, whatever came before")
    func repeatable() throws {
        let maker = PictureMaker(160, 96)
        let texture = Texture(seed: 4)
        let fresh = try MotionEstimator(width: 160, height: 96)
        let used = try MotionEstimator(width: 160, height: 96)
        for step in 0..<5 { _ = try used.motion(to: maker.moved(texture, Double(step) * -4, 2)) }
        let pair = [maker.moved(texture, 0, 0), maker.moved(texture, 2, 1)]
        let motions = try [fresh, used].map { estimator in try pair.map { try estimator.motion(to: $0) }[1] }
        for row in 0..<48 {
            for column in 0..<80 {
                #expect(motions[0].value(column: column, row: row) == motions[1].value(column: column, row: row))
            }
        }
    }

    @Test("an exception of OpenCV becomes an error with its words")
    func exception() throws {
        let flow = try DenseFlow(.judge)
        let picture = [UInt8](repeating: 0, count: 16)
        var field = [Float](repeating: 0, count: 32)
        let error = #expect(throws: SakugaError.self) {
            try flow.find(from: picture, to: picture, width: 4, height: 4, into: &field)
        }
        #expect(error?.code == .software)
        #expect(error?.message.contains("4x4") == true && error?.message.contains("OpenCV") == true)
    }

    private func pow2(_ value: Double) -> Double { value * value }
}
