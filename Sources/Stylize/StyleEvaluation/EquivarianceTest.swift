internal import Frames
internal import StyleMetrics

/// Whether a generator draws a scene alike after it has moved a little: ‖G(W x + n) − W G(x)‖ for made-up smooth motions W
/// and a camera's noise n (compound regularization, Wang et al., "Consistent Video Style Transfer via Relaxation and
/// Regularization", 2020). No film and no optical flow is needed, and blur over time cannot lower it.
///
/// A generator that changes nothing keeps the noise alone. One that draws edges sharper than a moved picture has them
/// keeps what interpolation blurs in W G(x): compare generators, not with 0. Shifts S by whole pixels need no
/// interpolation: ‖G(S x) − S G(x)‖ is the generator's own doing, what its coarse grids make of a picture that lies
/// elsewhere on them.
struct EquivarianceTest {
    /// Motions of each picture.
    static let motions = 3
    /// Shifts of each picture by whole pixels, none of them along a grid of 2, 4 or 8.
    private static let shifts: [(x: Double, y: Double)] = [(1, 3), (-3, 1)]
    /// Standard deviation of the noise, in levels: a phone's at daylight.
    static let noise = 1.5
    /// Pixels at every side that do not count: motions are below 21 pixels for pictures of 640 pixels, and the drawing of
    /// what came in from outside reaches further.
    static let margin = 40

    /// Draws a list of pictures, in order.
    let draw: ([PixelBuffer]) throws -> [PixelBuffer]

    /// Pictures whose sides are shorter than three margins are left out; nil where none is left.
    func report(_ pictures: [PixelBuffer]) throws -> StyleReport.Equivariance? {
        let pictures = pictures.filter { min($0.width, $0.height) >= 3 * Self.margin }
        guard !pictures.isEmpty else { return nil }
        var noised: [PixelBuffer] = []
        var moved: [PixelBuffer] = []
        var movedAndNoised: [PixelBuffer] = []
        var shifted: [PixelBuffer] = []
        for (index, picture) in pictures.enumerated() {
            noised.append(Self.noised(picture, seed: UInt64(index) << 8))
            shifted += Self.shifts.map { Self.shift($0, picture).moved(picture) }
            for motion in 0..<Self.motions {
                let result = Self.warp(index, motion, picture).moved(picture)
                moved.append(result)
                movedAndNoised.append(Self.noised(result, seed: UInt64(index) << 8 + UInt64(motion) + 1))
            }
        }
        var rest = try draw(pictures + noised + shifted + moved + movedAndNoised)[...]
        func take(_ count: Int) -> [PixelBuffer] {
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        let count = pictures.count
        let (drawings, ofNoised, ofShifted) = (take(count), take(count), take(shifted.count))
        let (ofMoved, ofBoth) = (take(moved.count), take(moved.count))
        var (noiseSum, shiftSum, motionSum, sum) = (0.0, 0.0, 0.0, 0.0)
        for (index, drawing) in drawings.enumerated() {
            noiseSum += difference(drawing, ofNoised[index])
            for (number, shift) in Self.shifts.enumerated() {
                let expected = Self.shift(shift, drawing).moved(drawing)
                shiftSum += difference(expected, ofShifted[index * Self.shifts.count + number])
            }
            for motion in 0..<Self.motions {
                let place = index * Self.motions + motion
                let expected = Self.warp(index, motion, drawing).moved(drawing)
                motionSum += difference(expected, ofMoved[place])
                sum += difference(expected, ofBoth[place])
            }
        }
        let pairs = Double(count * Self.motions)
        return StyleReport.Equivariance(
            photos: count, motions: Self.motions, noise: Self.noise, error: (sum / pairs).squareRoot(),
            motionError: (motionSum / pairs).squareRoot(), noiseError: (noiseSum / Double(count)).squareRoot(),
            shiftError: (shiftSum / Double(shifted.count)).squareRoot())
    }

    private func difference(_ a: PixelBuffer, _ b: PixelBuffer) -> Double {
        PictureDifference.meanSquare(a, b, margin: Self.margin)
    }

    private static func warp(_ picture: Int, _ motion: Int, _ pixels: PixelBuffer) -> PictureWarp {
        let seed = UInt64(picture * motions + motion + 1)
        return PictureWarp(SmoothMotion(seed: seed), width: pixels.width, height: pixels.height)
    }

    private static func shift(_ shift: (x: Double, y: Double), _ pixels: PixelBuffer) -> PictureWarp {
        PictureWarp(SmoothMotion(shiftX: shift.x, shiftY: shift.y), width: pixels.width, height: pixels.height)
    }

    private static func noised(_ picture: PixelBuffer, seed: UInt64) -> PixelBuffer {
        let copy = FramePool(width: picture.width, height: picture.height).makeBuffer()
        for row in 0..<picture.height {
            (copy.bytes + row * copy.stride).update(
                from: picture.bytes + row * picture.stride, count: picture.width * 3)
        }
        PictureDifference.addNoise(to: copy, deviation: noise, seed: seed)
        return copy
    }
}

extension PictureWarp {
    fileprivate func moved(_ picture: PixelBuffer) -> PixelBuffer {
        let output = FramePool(width: picture.width, height: picture.height).makeBuffer()
        move(picture, into: output)
        return output
    }
}
