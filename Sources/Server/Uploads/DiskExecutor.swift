internal import Dispatch

/// Threads for tasks that wait for the disk: those that tasks share are as many as there are cores, and a slow disk would
/// keep them from whoever else asks something.
final class DiskExecutor: TaskExecutor {
    static let shared = DiskExecutor()
    private let queue = DispatchQueue(label: "sakuga.disk", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
