/// An 8-bit RGB image in memory: interleaved R, G, B bytes, rows from top to bottom.
///
/// The visible picture is `width`×`height`; the memory behind it is `paddedWidth`×`paddedHeight` pixels without gaps
/// between rows, so that a network can read all of it as one NHWC tensor `[1, paddedHeight, paddedWidth, 3]`.
/// The buffer owns its memory (64-byte aligned, with a few spare bytes at the end for SIMD overreach) and gives it back
/// to its pool when the last reference goes.
package final class PixelBuffer: @unchecked Sendable {
    // @unchecked Sendable: between `FramePool.makeBuffer` and the send to the next stage exactly one thread holds the
    // buffer and may write; after it was sent it is only read, except its padding, which only the one generator worker
    // that holds it writes and reads. The remaining fields are immutable.

    package let width: Int
    package let height: Int
    package let paddedWidth: Int
    package let paddedHeight: Int
    /// The first byte of the top-left pixel.
    package let bytes: UnsafeMutablePointer<UInt8>
    private let pool: FramePool

    /// Bytes from one row to the next.
    package var stride: Int { paddedWidth * 3 }
    /// Bytes of the whole padded image.
    package var byteCount: Int { paddedWidth * paddedHeight * 3 }

    init(
        width: Int, height: Int, paddedWidth: Int, paddedHeight: Int, bytes: UnsafeMutablePointer<UInt8>,
        pool: FramePool
    ) {
        self.width = width
        self.height = height
        self.paddedWidth = paddedWidth
        self.paddedHeight = paddedHeight
        self.bytes = bytes
        self.pool = pool
    }

    deinit {
        pool.takeBack(bytes)
    }
}
