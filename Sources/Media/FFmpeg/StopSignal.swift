internal import CFFmpeg
internal import Synchronization

/// Asks whoever reads from outside to give up, also while a read is blocked. Callable on any thread.
package final class StopSignal: Sendable {
    private let raised = Atomic(false)

    package init() {}

    package var isRaised: Bool { raised.load(ordering: .relaxed) }

    package func raise() { raised.store(true, ordering: .relaxed) }

    /// What FFmpeg calls while it waits for a network. It borrows this object, which must outlive the context.
    var interruptCallback: AVIOInterruptCB {
        AVIOInterruptCB(
            callback: { opaque in
                Unmanaged<StopSignal>.fromOpaque(opaque!).takeUnretainedValue().isRaised ? 1 : 0
            }, opaque: Unmanaged.passUnretained(self).toOpaque())
    }
}
