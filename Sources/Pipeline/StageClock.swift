import Foundation
import Synchronization

/// Adds up what the workers of one stage measure.
final class StageClock: Sendable {
    private let totals: Mutex<StageTiming>

    init(name: String, workers: Int) {
        totals = Mutex(StageTiming(name: name, workers: workers))
    }

    var timing: StageTiming { totals.withLock { $0 } }

    func add(_ lap: StageLap) {
        totals.withLock {
            $0.items += lap.items
            $0.busy += lap.busy
            $0.processor += lap.processor
            $0.starved += lap.starved
            $0.blocked += lap.blocked
        }
    }
}

/// One worker's measurements for one element. Two clock readings per phase, well under a microsecond in all.
struct StageLap {
    private(set) var items = 0
    private(set) var busy = Duration.zero
    private(set) var processor = Duration.zero
    private(set) var starved = Duration.zero
    private(set) var blocked = Duration.zero
    private var mark = SystemClock.monotonic()
    private var processorMark = SystemClock.thread()

    mutating func endWaitForInput() { starved += split() }
    mutating func endWork() { busy += split() }
    mutating func endWaitForRoom() { blocked += split() }
    mutating func countItem() { items += 1 }

    /// Hands the measurements to `clock` and starts anew.
    mutating func report(to clock: StageClock) {
        let now = SystemClock.thread()
        processor = now - processorMark
        clock.add(self)
        items = 0
        busy = .zero
        starved = .zero
        blocked = .zero
        processorMark = now
    }

    private mutating func split() -> Duration {
        let now = SystemClock.monotonic()
        defer { mark = now }
        return now - mark
    }
}

/// The operating system's clocks, by clock_gettime(2).
enum SystemClock {
    /// Time since an arbitrary moment; never set back.
    static func monotonic() -> Duration { read(CLOCK_MONOTONIC) }
    /// Processor time of the calling thread.
    static func thread() -> Duration { read(CLOCK_THREAD_CPUTIME_ID) }
    /// Processor time of all threads of the process.
    static func process() -> Duration { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return Duration(secondsComponent: Int64(time.tv_sec), attosecondsComponent: Int64(time.tv_nsec) * 1_000_000_000)
    }
}
