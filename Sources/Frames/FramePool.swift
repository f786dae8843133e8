import Synchronization

/// Hands out `PixelBuffer`s of one size and keeps the memory of those that were let go, so that steady rendering
/// allocates nothing per frame.
package final class FramePool: Sendable {
    package let width: Int
    package let height: Int
    package let paddedWidth: Int
    package let paddedHeight: Int
    private let free = Mutex<[Address]>([])

    private struct Address: @unchecked Sendable {
        // @unchecked Sendable: an address on the free list is owned by nobody else.
        let bytes: UnsafeMutablePointer<UInt8>
    }

    /// Makes a pool for pictures of `width`×`height` pixels whose sides are padded up to multiples of `alignment`.
    package init(width: Int, height: Int, alignment: Int = 1) {
        precondition(width > 0 && height > 0 && alignment > 0)
        self.width = width
        self.height = height
        paddedWidth = (width + alignment - 1) / alignment * alignment
        paddedHeight = (height + alignment - 1) / alignment * alignment
    }

    deinit {
        free.withLock { for address in $0 { address.bytes.deallocate() } }
    }

    /// Returns a buffer with undefined contents, owned by the caller until it sends it on. Callable on any thread.
    package func makeBuffer() -> PixelBuffer {
        let bytes = free.withLock { $0.popLast() }?.bytes ?? allocate()
        return PixelBuffer(
            width: width, height: height, paddedWidth: paddedWidth, paddedHeight: paddedHeight, bytes: bytes, pool: self
        )
    }

    func takeBack(_ bytes: UnsafeMutablePointer<UInt8>) {
        let address = Address(bytes: bytes)
        free.withLock { $0.append(address) }
    }

    private func allocate() -> UnsafeMutablePointer<UInt8> {
        let overreach = 64
        return
            UnsafeMutableRawPointer
            .allocate(byteCount: paddedWidth * paddedHeight * 3 + overreach, alignment: 64)
            .assumingMemoryBound(to: UInt8.self)
    }
}
