internal import Foundation
package import Frames
internal import Media
internal import Synchronization

/// Hands the newest picture, as JPEG, to everybody who looks at the page: encoded once, and only while somebody looks. Each
/// takes the newest when ready for another one, so that a slow one holds nobody up.
package final class PictureBroadcast: Sendable {
    private struct State {
        var viewers: [Int: AsyncStream<[UInt8]>.Continuation] = [:]
        var count = 0
        var newest: PixelBuffer?
    }

    private let state = Mutex(State())
    private let encoder = Mutex(JPEGEncoder())

    package init() {}

    /// The picture that was shown last.
    var newest: PixelBuffer? { state.withLock { $0.newest } }

    /// How many look at the page.
    var viewerCount: Int { state.withLock { $0.viewers.count } }

    /// Shows a picture. One thread at a time.
    package func show(_ pixels: PixelBuffer) {
        let viewers = state.withLock { state in
            state.newest = pixels
            return Array(state.viewers.values)
        }
        guard !viewers.isEmpty, let picture = encoded(pixels) else { return }
        for viewer in viewers { viewer.yield(picture) }
    }

    /// The pictures from now on; what comes while one is being sent is passed over.
    func pictures() -> AsyncStream<[UInt8]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(1))
        let newest = state.withLock { state in
            let number = state.count
            state.count += 1
            state.viewers[number] = continuation
            continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.viewers[number] = nil } }
            return state.newest
        }
        if let newest, let picture = encoded(newest) { continuation.yield(picture) }
        return stream
    }

    private func encoded(_ pixels: PixelBuffer) -> [UInt8]? { encoder.withLock { try? $0.encoded(pixels) } }
}
