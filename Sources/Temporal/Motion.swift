internal import Synchronization

/// How a picture moved since the one before it, and how far each pixel's past may be trusted. Immutable.
///
/// The field is `1/factor` of the picture's size (rounded up, and at least as large as flow estimation needs).
/// Its memory comes from a pool and goes back there.
package final class Motion: @unchecked Sendable {
    // @unchecked Sendable: the memory behind `flow` and `weight` is written by `MotionEstimator` before it hands the
    // object on, and only read afterwards; it returns to the pool when the last reference goes.

    /// The picture has no past to lean on: the first one, or the first after a cut. Flow and weights are undefined.
    package let isCut: Bool
    /// What cuts are told by; nil for the first picture.
    let evidence: SceneEvidence?
    let factor: Int
    let width: Int
    let height: Int
    /// Pairs (dx, dy) in pixels of the reduced size: where a pixel of this picture was in the one before.
    let flow: UnsafePointer<Float>
    /// Visibility times the forward–backward check, 0…1.
    let weight: UnsafePointer<Float>

    private let storage: MotionPool.Storage
    private let pool: MotionPool

    init(isCut: Bool, evidence: SceneEvidence?, storage: MotionPool.Storage, pool: MotionPool) {
        (self.isCut, self.evidence) = (isCut, evidence)
        self.storage = storage
        self.pool = pool
        factor = pool.factor
        width = pool.width
        height = pool.height
        flow = UnsafePointer(storage.flow)
        weight = UnsafePointer(storage.weight)
    }

    deinit {
        pool.takeBack(storage)
    }

    /// Displacement to the previous picture in pixels of the full size, and the trust 0…1, at a place of the reduced field.
    func value(column: Int, row: Int) -> (dx: Float, dy: Float, weight: Float) {
        precondition(column >= 0 && column < width && row >= 0 && row < height)
        let at = row * width + column
        return (flow[at * 2] * Float(factor), flow[at * 2 + 1] * Float(factor), weight[at])
    }
}

/// Keeps the memory of motion fields of one size.
final class MotionPool: Sendable {
    let width: Int
    let height: Int
    let factor: Int
    private let free = Mutex<[Storage]>([])

    /// One allocation: the flow, and the weights behind it.
    struct Storage: @unchecked Sendable {
        // @unchecked Sendable: an address has one owner at a time, the free list or one `Motion`.
        let flow: UnsafeMutablePointer<Float>
        let weight: UnsafeMutablePointer<Float>
    }

    init(width: Int, height: Int, factor: Int) {
        self.width = width
        self.height = height
        self.factor = factor
    }

    deinit {
        free.withLock { for storage in $0 { storage.flow.deallocate() } }
    }

    /// Memory with undefined contents.
    func makeStorage() -> Storage {
        if let storage = free.withLock({ $0.popLast() }) { return storage }
        let count = width * height
        let overreach = 16
        let numbers =
            UnsafeMutableRawPointer
            .allocate(byteCount: (count * 3 + overreach) * MemoryLayout<Float>.size, alignment: 64)
            .assumingMemoryBound(to: Float.self)
        return Storage(flow: numbers, weight: numbers + count * 2)
    }

    func takeBack(_ storage: Storage) {
        free.withLock { $0.append(storage) }
    }
}
