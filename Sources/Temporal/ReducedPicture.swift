internal import CPixels
internal import Frames

/// A picture averaged down for motion estimation: RGB for visibility, luma for flow. Used by one thread at a time.
final class ReducedPicture {
    let width: Int
    let height: Int
    let factor: Int
    /// Four bytes a pixel (the fourth is 0), rows without gaps.
    let rgbx: UnsafeMutablePointer<UInt8>
    /// BT.709 luma, rows without gaps.
    let luma: UnsafeMutablePointer<UInt8>
    private let sums: UnsafeMutablePointer<UInt16>

    init(width: Int, height: Int, factor: Int, sourceWidth: Int) {
        self.width = width
        self.height = height
        self.factor = factor
        let overreach = 64
        rgbx = .allocate(capacity: width * height * 4 + overreach)
        luma = .allocate(capacity: width * height + overreach)
        sums = .allocate(capacity: max(width * factor, sourceWidth) * 3)
    }

    deinit {
        rgbx.deallocate()
        luma.deallocate()
        sums.deallocate()
    }

    /// Takes over a picture, averaging blocks of `factor`×`factor` pixels. Beyond its edges it is repeated.
    func read(_ pixels: PixelBuffer) {
        pixels_reduce(
            pixels.bytes, Int32(pixels.width), Int32(pixels.height), pixels.stride, Int32(factor), rgbx, luma,
            Int32(width), Int32(height), sums)
    }

    /// Mean absolute luma difference to another picture of the same size, 0…255.
    func difference(to other: ReducedPicture) -> Double {
        let count = width * height
        return Double(pixels_absolute_difference(luma, other.luma, count)) / Double(count)
    }
}
