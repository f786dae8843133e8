internal import Foundation
internal import Frames
internal import Media
internal import Synchronization

/// One output and its thread: takes the newest frame, and passes over what comes while it is busy, so that an output that
/// is slow or stuck holds nobody up.
final class LiveSink: Sendable {
    let name: String
    private let slot = NewestSlot<LiveFrame>()
    private let failure = Mutex<(any Error)?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - write: takes a frame; `finish` completes the output.
    ///   - failed: hears of the error that ends the output, on its thread.
    init(
        _ name: String, number: Int, statistics: LiveStatistics,
        write: @escaping @Sendable (Frame) throws -> Void, finish: @escaping @Sendable () throws -> Void,
        failed: @escaping @Sendable (any Error) -> Void
    ) {
        self.name = name
        let thread = Thread { [self] in
            do {
                while let frame = slot.take() {
                    try write(frame.frame)
                    statistics.noteDelivery(sink: number, captured: frame.captured)
                }
                try finish()
            } catch {
                failure.withLock { $0 = error }
                failed(error)
            }
            ended.signal()
        }
        thread.name = "sakuga.live.output"
        thread.stackSize = 1 << 20
        thread.start()
    }

    var hasFailed: Bool { failure.withLock { $0 != nil } }
    /// What ended the output before its time.
    var error: (any Error)? { failure.withLock { $0 } }

    func put(_ frame: LiveFrame) {
        guard !hasFailed else { return }
        slot.put(frame)
    }

    func close() { slot.close() }

    /// Waits for the output to be complete; false where it is stuck.
    func wait(seconds: Double) -> Bool { ended.wait(timeout: .now() + seconds) == .success }
}
