package import Foundation
package import Frames

/// A file that only one program holds. The system lets it go when the program ends, however it ends.
package final class FileLock: Sendable {
    private let descriptor: Int32

    /// - Parameter patience: seconds for which another program is waited for.
    /// - Throws: `held()` where another program has it; `.cannotCreate` where it cannot be made.
    package init(_ file: URL, patience: Double = 0, held: () -> SakugaError) throws {
        descriptor = Foundation.open(file.path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw SakugaError(.cannotCreate, "cannot write '\(file.path)': \(String(cString: strerror(errno)))")
        }
        let deadline = ContinuousClock.now + .seconds(patience)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            if reason == EINTR { continue }
            guard reason == EWOULDBLOCK else {
                close(descriptor)
                throw SakugaError(
                    .cannotCreate, "cannot lock '\(file.path)': \(String(cString: strerror(reason)))",
                    hint: "choose a folder on a disk that has locks")
            }
            guard ContinuousClock.now < deadline else {
                close(descriptor)
                throw held()
            }
            usleep(50_000)
        }
    }

    deinit { close(descriptor) }
}
