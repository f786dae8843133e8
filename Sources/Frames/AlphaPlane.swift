import Synchronization

/// The opacity of a picture: one byte a pixel, 0 transparent to 255 opaque, rows from top to bottom without gaps.
///
/// It is carried past the drawing as it is: a generator knows colours only.
package final class AlphaPlane: @unchecked Sendable {
    // @unchecked Sendable: written by the stage that makes it, before it is sent; only read afterwards.

    package let width: Int
    package let height: Int
    package let bytes: UnsafeMutablePointer<UInt8>
    private let pool: AlphaPool

    init(width: Int, height: Int, bytes: UnsafeMutablePointer<UInt8>, pool: AlphaPool) {
        (self.width, self.height, self.bytes, self.pool) = (width, height, bytes, pool)
    }

    deinit { pool.takeBack(bytes) }
}

/// Hands out alpha planes of one size and keeps the memory of those that were let go.
package final class AlphaPool: Sendable {
    private let width: Int
    private let height: Int
    private let free = Mutex<[Address]>([])

    private struct Address: @unchecked Sendable {
        // @unchecked Sendable: an address on the free list is owned by nobody else.
        let bytes: UnsafeMutablePointer<UInt8>
    }

    package init(width: Int, height: Int) {
        precondition(width > 0 && height > 0)
        (self.width, self.height) = (width, height)
    }

    deinit {
        free.withLock { for address in $0 { address.bytes.deallocate() } }
    }

    /// Returns a plane with undefined contents. Callable on any thread.
    package func makePlane() -> AlphaPlane {
        let bytes = free.withLock { $0.popLast() }?.bytes ?? .allocate(capacity: width * height)
        return AlphaPlane(width: width, height: height, bytes: bytes, pool: self)
    }

    func takeBack(_ bytes: UnsafeMutablePointer<UInt8>) {
        let address = Address(bytes: bytes)
        free.withLock { $0.append(address) }
    }
}
