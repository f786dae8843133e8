internal import Dispatch
internal import Foundation
internal import Frames
internal import Media

/// Reads the source on a thread of its own, at the pace of its timestamps where it has none of its own, and takes it up
/// again when it was lost. Its times, and those of the sound, are brought to the run's timeline, which begins with the
/// first picture that was not yet waiting when the run began.
final class LiveSource: @unchecked Sendable {
    // @unchecked Sendable: what changes is changed under `lock`; the rest is immutable.

    /// A picture, and when it was shown.
    struct Shot: Sendable {
        let picture: Picture
        let timestamp: Timestamp
        let captured: ContinuousClock.Instant
    }

    enum Event: Sendable {
        case lost(String)
        case returned
        case soundLost(String)
    }

    let first: MediaReader
    /// Gives the sound to the writers.
    let tee = PacketTee()
    private let request: LiveRequest
    private let microphone: SoundReader?
    private let lock = NSLock()
    private var reader: MediaReader
    private var isStopped = false
    private var isAway = false
    private var begin: ContinuousClock.Instant?
    /// Ends the waiting for a source that is being opened again.
    private var opening: StopSignal?
    private var lastTime = 0.0

    /// Opens the source, and the microphone where one is asked for.
    init(_ request: LiveRequest) throws {
        self.request = request
        first = try MediaReader(request.input, options: request.inputOptions)
        reader = first
        microphone = try request.microphone.map { try SoundReader($0, options: request.microphoneOptions) }
    }

    /// Ends `run` soon, also while it waits for a picture. Callable on any thread.
    func stop() {
        lock.withLock {
            isStopped = true
            reader.stop()
            opening?.raise()
        }
        microphone?.stop()
    }

    /// Calls `open` with what an output is made from; its third argument is the run's time in seconds.
    ///
    /// - Throws: `.unavailable` while the source is away.
    func opening<Output>(_ open: (MediaReader, LiveSound, Double) throws -> Output) throws -> Output {
        try lock.withLock {
            guard !isAway else {
                throw SakugaError(.unavailable, "'\(request.input)' is away", hint: "wait for it to come back")
            }
            return try open(reader, microphone?.sound ?? reader.sound, lastTime)
        }
    }

    private var shouldStop: Bool { lock.withLock { isStopped } }

    /// Seconds since the run's first picture.
    private var elapsed: Double { lock.withLock { begin.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0 } }

    /// Reads until the source ends or is stopped.
    func run(shot: (Shot) -> Void, event: @escaping @Sendable (Event) -> Void) throws {
        while true {
            let current = lock.withLock { reader }
            try read(current, shot, event)
            if shouldStop || isOver || !canReturn { return }
            event(.lost("'\(request.input)' gives no more pictures"))
            // A camera or a port that is still held could not be opened again.
            lock.withLock {
                isAway = true
                current.close()
            }
            guard let again = reopened() else { return }
            lock.withLock { (reader, isAway) = (again, false) }
            event(.returned)
        }
    }

    private func read(
        _ reader: MediaReader, _ shot: (Shot) -> Void, _ event: @escaping @Sendable (Event) -> Void
    ) throws {
        var offset = 0.0
        if !canReturn { listen(to: reader, from: offset, event) }
        guard var picture = try canReturn ? freshPicture(of: reader) : reader.nextPicture() else { return }
        if canReturn {
            offset = elapsed - picture.timestamp.seconds
            listen(to: reader, from: offset, event)
        }
        beginTimeline(event)
        while true {
            if request.isPaced { pace(picture.timestamp.seconds) }
            var timestamp = picture.timestamp
            timestamp.ticks += Int64((offset / timestamp.timeBase.seconds).rounded())
            lock.withLock { lastTime = timestamp.seconds }
            shot(Shot(picture: picture, timestamp: timestamp, captured: .now))
            if shouldStop || isOver { return }
            guard let next = try reader.nextPicture() else { return }
            picture = next
        }
    }

    /// Passes over the pictures that waited while the source was opened and the generator compiled: the first one that
    /// had to be waited for, after a second any.
    private func freshPicture(of reader: MediaReader) throws -> Picture? {
        let rate = reader.picture.frameRate
        let wait = 0.3 * Double(rate.denominator) / Double(max(1, rate.numerator))
        let patience = ContinuousClock.now + .seconds(1)
        while true {
            let begin = ContinuousClock.now
            guard let picture = try reader.nextPicture() else { return nil }
            let now = ContinuousClock.now
            if (now - begin) / .seconds(1) > wait || now > patience { return picture }
        }
    }

    private func listen(to reader: MediaReader, from offset: Double, _ event: (Event) -> Void) {
        guard microphone == nil else { return }
        if !tee.listen(to: reader.sound, from: offset) {
            event(.soundLost("the sound of '\(request.input)' has changed and is left out from here on"))
        }
        tee.attach(to: reader)
    }

    private func beginTimeline(_ event: @escaping @Sendable (Event) -> Void) {
        let isFirst = lock.withLock {
            guard begin == nil else { return false }
            begin = .now
            return true
        }
        guard isFirst else { return }
        if let duration = request.duration {
            // Also where no more pictures come.
            DispatchQueue.global().asyncAfter(deadline: .now() + duration + 0.2) { [weak self] in self?.stop() }
        }
        guard let microphone else { return }
        let thread = Thread { [self] in
            listen(to: microphone)
            if !shouldStop { event(.soundLost("the microphone '\(request.microphone ?? "")' gives no more sound")) }
        }
        thread.name = "sakuga.live.microphone"
        thread.start()
    }

    private func listen(to microphone: SoundReader) {
        var offset: Double?
        while let end = microphone.next() {
            if offset == nil {
                // What comes first has just been heard.
                offset = elapsed - end
                _ = tee.listen(to: microphone.sound, from: elapsed - end)
            }
            if request.isMicrophonePaced { pace(end + (offset ?? 0)) }
            microphone.hand(to: tee)
        }
    }

    /// Waits until the run has reached a time.
    private func pace(_ seconds: Double) {
        let wait = seconds - elapsed
        if wait > 0 { Thread.sleep(forTimeInterval: wait) }
    }

    private var isOver: Bool { request.duration.map { elapsed >= $0 } ?? false }

    /// A device or an address may come back; a file or a pipe that has ended has not more.
    private var canReturn: Bool {
        guard !request.isPaced, request.input != "-" else { return false }
        guard let facts = try? FileManager.default.attributesOfItem(atPath: request.input) else { return true }
        return facts[.type] as? FileAttributeType == .typeCharacterSpecial
    }

    /// Tries once a second until the source opens again; nil where it is over meanwhile.
    private func reopened() -> MediaReader? {
        var options = request.inputOptions
        let signal = StopSignal()
        options.stop = signal
        lock.withLock { opening = signal }
        defer { lock.withLock { opening = nil } }
        while !shouldStop, !isOver {
            Thread.sleep(forTimeInterval: 1)
            if let reader = try? MediaReader(request.input, options: options) { return reader }
        }
        return nil
    }
}
