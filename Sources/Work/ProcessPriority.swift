internal import Foundation

/// Which place a process has among those that want the processor.
package enum ProcessPriority {
    /// Has this process, and all that it starts, take only what others leave: to be called before it has other threads.
    ///
    /// Niceness alone is not enough where several threads wait for each other at every layer of a network: beside two
    /// drawing processes at nice 19, one frame in studio size takes 1.2 s on two cores, and 0.47 s where they are idle by
    /// policy (0.43 s alone). What is drawn on an otherwise idle machine is as fast as ever.
    package static func yieldToOthers() {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
        #if os(Linux)
            var parameters = sched_param(sched_priority: 0)
            sched_setscheduler(0, idlePolicy, &parameters)
        #endif
    }

    /// Linux's SCHED_IDLE (sched(7)), which the module of the C library does not show.
    private static let idlePolicy: Int32 = 5
}
