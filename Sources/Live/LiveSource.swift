internal import Foundation
internal import Frames
internal import Media

/// Reads the source on a thread of its own, at the pace of its timestamps where it has none of its own, and takes it up
/// again when it was lost.
final class LiveSource: @unchecked Sendable {
    // @unchecked Sendable: `reader` is replaced by the reading thread alone, under `lock`; the rest is immutable or locked.

    /// A picture, and when it was shown.
    struct Shot: Sendable {
        let picture: Picture
        let timestamp: Timestamp
        let captured: ContinuousClock.Instant
    }

    enum Event: Sendable {
        case lost(String)
        case returned
    }

    let first: MediaReader
    private let request: LiveRequest
    private let lock = NSLock()
    private var reader: MediaReader
    private var isStopped = false

    /// Opens the source.
    init(_ request: LiveRequest) throws {
        self.request = request
        first = try MediaReader(request.input, options: request.inputOptions)
        reader = first
    }

    /// Ends `run` soon, also while it waits for a picture. Callable on any thread.
    func stop() {
        let current = lock.withLock {
            isStopped = true
            return reader
        }
        current.stop()
    }

    private var shouldStop: Bool { lock.withLock { isStopped } }

    /// Reads until the source ends or is stopped.
    func run(shot: (Shot) -> Void, event: (Event) -> Void) throws {
        let begin = ContinuousClock.now
        var offset = 0.0
        while true {
            let current = lock.withLock { reader }
            try read(current, begin: begin, offset: offset, shot)
            if shouldStop || isOver(begin) || request.isPaced || !canReturn { return }
            event(.lost("'\(request.input)' gives no more pictures"))
            // A camera or a port that is still held could not be opened again.
            current.close()
            guard let again = reopened(begin) else { return }
            event(.returned)
            lock.withLock { reader = again }
            offset = (ContinuousClock.now - begin) / .seconds(1)
        }
    }

    private func read(
        _ reader: MediaReader, begin: ContinuousClock.Instant, offset: Double, _ shot: (Shot) -> Void
    ) throws {
        var firstTime: Double?
        while let picture = try reader.nextPicture() {
            if request.isPaced {
                let time = picture.timestamp.seconds - (firstTime ?? picture.timestamp.seconds)
                if firstTime == nil { firstTime = picture.timestamp.seconds }
                let due = begin + .seconds(time)
                let wait = (due - .now) / .seconds(1)
                if wait > 0 { Thread.sleep(forTimeInterval: wait) }
            }
            var timestamp = picture.timestamp
            if offset > 0 { timestamp.ticks += Int64((offset / timestamp.timeBase.seconds).rounded()) }
            shot(Shot(picture: picture, timestamp: timestamp, captured: .now))
            if shouldStop || isOver(begin) { return }
        }
    }

    private func isOver(_ begin: ContinuousClock.Instant) -> Bool {
        request.duration.map { (ContinuousClock.now - begin) / .seconds(1) >= $0 } ?? false
    }

    /// A device or an address may come back; a file or a pipe that has ended has not more.
    private var canReturn: Bool {
        var status = stat()
        guard request.input != "-" else { return false }
        guard stat(request.input, &status) == 0 else { return true }
        return status.st_mode & S_IFMT == S_IFCHR
    }

    /// Tries once a second until the source opens again; nil where it is over meanwhile.
    private func reopened(_ begin: ContinuousClock.Instant) -> MediaReader? {
        while !shouldStop, !isOver(begin) {
            Thread.sleep(forTimeInterval: 1)
            if let reader = try? MediaReader(request.input, options: request.inputOptions) { return reader }
        }
        return nil
    }
}
