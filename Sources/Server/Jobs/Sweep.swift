internal import Foundation
internal import ServiceLifecycle

/// Takes away what is no longer kept.
struct Sweep: Service {
    private let store: JobStore
    private let folders: JobFolders
    private let limits: ServiceLimits
    private static let pause = Duration.seconds(600)

    init(_ store: JobStore, _ folders: JobFolders, _ limits: ServiceLimits) {
        (self.store, self.folders, self.limits) = (store, folders, limits)
    }

    /// Sweeps at once and every ten minutes, until the server stops.
    func run() async {
        await cancelOnGracefulShutdown {
            while !Task.isCancelled {
                // What cannot be swept now can be later.
                try? run(now: Date.now.timeIntervalSince1970)
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// - Parameter now: seconds since 1970.
    func run(now: Double) throws {
        for upload in try store.uploads() {
            let file = folders.input(upload.id, filename: upload.submission.filename)
            let sent = try? FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
            guard (sent?.timeIntervalSince1970 ?? 0) < now - limits.abandoned, try store.remove(upload) else {
                continue
            }
            folders.remove(upload.id)
        }
        for id in try store.removeHeld(before: now - limits.abandoned) { folders.remove(id) }
        guard limits.keep > 0 else { return }
        for id in try store.jobs(overBefore: now - limits.keep) where try store.remove(id) { folders.remove(id) }
    }
}
