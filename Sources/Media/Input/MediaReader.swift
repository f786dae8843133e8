internal import CFFmpeg
internal import Foundation
internal import Frames

/// An open input: yields the pictures of its drawn stream upright, progressive and not HDR, and hands every packet of the
/// other streams to whoever carries them over.
///
/// Timestamps count from the start of the output: from the container's start time, or with `InputOptions.start` from the
/// first picture that is drawn. The first picture is decoded on opening, so that a file in which nothing decodes fails
/// before any output exists.
package final class MediaReader: @unchecked Sendable {
    // @unchecked Sendable: everything but the stop signal and the immutable facts is used by one stage (decode) only.

    package let info: MediaInfo
    /// The picture as it is drawn: upright.
    package let picture: PictureDescription
    /// The damage met so far. Complete once `nextPicture` returned nil.
    package var damage: DamageReport { source.damage }
    package private(set) var decodedCount = 0
    /// Seconds of the output at which the last returned picture ends.
    package private(set) var endTime = 0.0
    /// The numbers of the pictures of a numbered sequence, rising; nil for other inputs.
    package let numbers: [Int]?

    let demuxer: Demuxer
    let options: InputOptions
    /// What maps the input's timeline to the output's, in microseconds: subtracted from every timestamp.
    package let zero: Int64
    /// Receives packets of streams that are not drawn, in the order of the file, on the decode stage.
    var packetHandler: ((Packet) throws -> Void)?

    private let source: PictureSource
    private let upright: UprightFilter
    private let stopSignal: StopSignal
    /// Pictures from this timestamp on are not drawn, in ticks of the drawn stream.
    private let endTicks: Int64?
    private let nominalDuration: Int64
    private var firstPicture: Picture?
    private var waitingPackets: [Packet] = []
    private var lastTicks: Int64?
    private var sourceEnded = false
    /// The pictures ended because no more were wanted, not because there were none.
    package private(set) var endedByTrim = false
    private var isFinished = false
    /// Seconds of the output at which the packet belongs that was passed last.
    private var passedTime = -Double.infinity

    /// Opens `input`: a path, a URL, `-` for standard input, or a pattern of a numbered sequence (`frames/%04d.png`).
    ///
    /// - Throws: `.noInput` when it cannot be opened; `.data` when it has no video or no picture of it decodes;
    ///   `.unavailable` when FFmpeg has no decoder for it; `.usage` when the trim range is outside the input.
    package init(_ input: String, options: InputOptions = InputOptions()) throws {
        self.options = options
        let stop = options.stop ?? StopSignal()
        stopSignal = stop
        let opened = try InputLocation(input, options: options).open(stop: stop)
        demuxer = opened.demuxer
        numbers = opened.numbers
        let info = MediaInfo(opened.demuxer)
        self.info = info
        guard let drawn = info.drawnStream else { throw Self.noVideo(info, opened.demuxer) }
        for stream in info.streams where stream.index != drawn && stream.isHandledByContainer {
            opened.demuxer.stream(stream.index).pointee.discard = AVDISCARD_ALL
        }
        let source = try PictureSource(demuxer: opened.demuxer, drawn: drawn, isLive: options.isLive)
        self.source = source
        let (timeBase, stream) = (source.timeBase, opened.demuxer.stream(drawn))
        let frameRate = Self.frameRate(of: stream, in: opened.demuxer)
        nominalDuration = max(1, av_rescale_q(1, AVRational(num: frameRate.den, den: frameRate.num), timeBase))
        let start = opened.demuxer.startMicroseconds
        // The first tick at or after a time; half a millisecond allows for times that people round.
        func ticks(_ seconds: Double) -> Int64 {
            av_rescale_q_rnd(
                start + PlausibleTime.microseconds(seconds) - 500, shimMicroseconds, timeBase, AV_ROUND_UP)
        }
        endTicks = options.end.map(ticks)

        // Decode the first picture: its properties, not the header's, are what the conversions are set up for.
        let resumed = options.resumption.map { $0.ticks + av_rescale_q($0.zero, shimMicroseconds, timeBase) }
        let opening = FirstPicture(
            source: source, info: info, target: resumed ?? options.start.flatMap { $0 > 0 ? ticks($0) : nil },
            end: options.end.map(ticks))
        let first = try opening.find(startSeconds: options.start ?? 0)
        waitingPackets = opening.otherPackets
        let firstTicks = first.pointer.pointee.best_effort_timestamp
        zero =
            options.resumption?.zero
            ?? ((options.start ?? 0) <= 0 || !PlausibleTime.holds(firstTicks, in: timeBase)
                ? start : av_rescale_q(firstTicks, timeBase, shimMicroseconds))
        decodedCount = options.resumption?.number ?? 0
        upright = UprightFilter(
            stream: stream, timeBase: timeBase, deinterlaces: options.deinterlaces, turns: options.turnsUpright,
            isInterlaced: info.streams[drawn].video?.isInterlaced == true)
        picture = PictureDescription(
            first.pointer, setup: upright.setup(for: first), stored: upright.orientation(of: first), timeBase: timeBase,
            frameRate: frameRate,
            guessedAspect: av_guess_sample_aspect_ratio(opened.demuxer.context, stream, first.pointer))
        firstPicture = first
        source.otherPacket = { [unowned self] packet in try packetHandler?(packet) }
    }

    private static func noVideo(_ info: MediaInfo, _ demuxer: Demuxer) -> SakugaError {
        if info.streams.contains(where: { $0.kind == .video && !$0.isAttachedPicture }) {
            return SakugaError(
                .data, "the video of '\(demuxer.name)' cannot be read: its size is unknown",
                hint: demuxer.canSeek
                    ? "the file may be damaged, still being written, or no media file"
                    : "a pipe cannot go back to pictures before the index: give the file itself, or put the index first"
            )
        }
        let kinds = Set(info.streams.map { $0.isAttachedPicture ? "a cover picture" : $0.kind.rawValue }).sorted()
        return SakugaError(
            .data,
            "'\(demuxer.name)' has no video stream\(kinds.isEmpty ? "" : ", only \(kinds.joined(separator: " and "))")",
            hint: "give a video or a picture")
    }

    /// Frames per second: what the pictures come to on average where they do not come evenly; 25 where nothing is known.
    private static func frameRate(of stream: UnsafeMutablePointer<AVStream>, in demuxer: Demuxer) -> AVRational {
        let average = stream.pointee.avg_frame_rate
        func isUsable(_ rate: AVRational) -> Bool {
            rate.num > 0 && rate.den > 0 && (1e-5...1000).contains(av_q2d(rate))
        }
        let guess = av_guess_frame_rate(demuxer.context, stream, nil)
        if isUsable(guess), !isUsable(average) || av_q2d(guess) < 1.5 * av_q2d(average) { return guess }
        return isUsable(average) ? average : AVRational(num: 25, den: 1)
    }

    /// Ends the input at the next picture, as if the file ended there, also while a read is blocked. Callable on any
    /// thread.
    package func stop() { stopSignal.raise() }

    /// Gives the device or address back, for it to be opened again: nothing may be read afterwards. By the thread that
    /// read.
    package func close() { demuxer.close() }

    /// Returns the next picture in presentation order, or nil once the decoder is drained or the trim range ends.
    ///
    /// - Throws: what the handler of other streams throws. Damage is not thrown, but reported in `damage`.
    package func nextPicture() throws -> Picture? {
        for packet in waitingPackets { try packetHandler?(packet) }
        waitingPackets.removeAll()
        guard !isFinished, !stopSignal.isRaised else { return try finish() }
        if let limit = options.frameLimit, decodedCount >= limit { return try finish(trimmed: true) }
        // Cameras append a second picture to a photograph: another view, or a map of its brightness.
        if info.isStill, numbers == nil, demuxer.canSeek, decodedCount == 1 { return try finish() }
        guard let next = try nextUpright() else { return try finish() }
        let raw = next.pointer.pointee.pts
        if let endTicks, raw != SHIM_NO_TIMESTAMP, raw >= endTicks { return try finish(trimmed: true) }
        number(next, ticks: raw)
        decodedCount += 1
        return next
    }

    private func nextUpright() throws -> Picture? {
        while true {
            if let picture = try upright.pull() { return picture }
            if sourceEnded { return nil }
            if let decoded = try firstPicture ?? source.next() {
                firstPicture = nil
                try upright.push(decoded)
            } else {
                sourceEnded = true
                try upright.drain()
            }
        }
    }

    private func number(_ picture: Picture, ticks raw: Int64) {
        // Decoders and filters make up timestamps too, so that what follows must not trap on any.
        let fallback = (lastTicks ?? -nominalDuration) &+ nominalDuration
        let isPlausible = PlausibleTime.holds(raw, in: source.timeBase)
        var ticks = isPlausible ? raw - av_rescale_q(zero, shimMicroseconds, source.timeBase) : fallback
        // Two pictures cannot be shown at once; damaged streams claim it.
        if let lastTicks, ticks <= lastTicks { ticks = lastTicks &+ 1 }
        lastTicks = ticks
        picture.number = decodedCount
        picture.timestamp = Timestamp(ticks: ticks, timeBase: self.picture.timeBase)
        if picture.duration <= 0 || !PlausibleTime.holds(picture.duration, in: source.timeBase) {
            picture.duration = nominalDuration
        }
        endTime = (Double(ticks) + Double(picture.duration)) * self.picture.timeBase.seconds
        source.position = endTime
    }

    /// The number in the name of the picture of a sequence that is shown at `ticks` of the output's timeline; nil for
    /// other inputs.
    func number(at ticks: Int64) -> Int64? {
        guard let first = numbers?.first else { return nil }
        return Int64(first) + ticks + av_rescale_q(zero, shimMicroseconds, source.timeBase)
    }

    // MARK: Pictures that were drawn before

    /// Instead of `nextPicture`: hands on the packets of other streams until one of any stream belongs after `seconds` of
    /// the output, which has come so far.
    func pass(to seconds: Double) throws {
        for packet in waitingPackets { try packetHandler?(packet) }
        waitingPackets.removeAll()
        endTime = max(endTime, seconds)
        while passedTime <= seconds, try passPacket() {}
    }

    /// The drawn pictures end at `seconds`; other streams go on to their own end, or where they are trimmed to there.
    func passToEnd(_ seconds: Double, trimmed: Bool) throws {
        try pass(to: seconds)
        (isFinished, endedByTrim) = (true, trimmed)
        if trimmed {
            try passOtherStreams()
        } else {
            while try passPacket() {}
        }
    }

    private func passPacket() throws -> Bool {
        try source.skipPacket { packet in
            let raw = packet.pointer.pointee
            let index = Int(raw.stream_index)
            let time = raw.dts == SHIM_NO_TIMESTAMP ? raw.pts : raw.dts
            if time != SHIM_NO_TIMESTAMP {
                let base = demuxer.stream(index).pointee.time_base
                passedTime = Double(av_rescale_q(time, base, shimMicroseconds) - zero) / 1e6
            }
            if index != source.drawn { try packetHandler?(packet) }
        }
    }

    // MARK: The end

    private func finish(trimmed: Bool = false) throws -> Picture? {
        guard !isFinished else { return nil }
        isFinished = true
        endedByTrim = trimmed
        if trimmed { try passOtherStreams() }
        if !trimmed, !stopSignal.isRaised { noteTruncation() }
        return nil
    }

    /// Seconds of the output from which on nothing of the other streams belongs to it; nil: they run to their own end.
    var cut: Double? {
        let wanted = options.end.map { $0 + Double(demuxer.startMicroseconds - zero) / 1e6 }
        guard options.frameLimit != nil && endedByTrim || stopSignal.isRaised else { return wanted }
        return min(endTime, wanted ?? .infinity)
    }

    /// Seconds of the output at which it will end because it is trimmed, as far as that is known beforehand.
    var expectedEnd: Double? {
        let limited = options.frameLimit.map { Double($0) * Double(nominalDuration) * picture.timeBase.seconds }
        guard let cut else { return limited }
        return min(cut, limited ?? .infinity)
    }

    /// Past the last picture: reads on until the other streams have reached its end too.
    private func passOtherStreams() throws {
        guard let packetHandler else { return }
        let end = cut ?? endTime
        var behind = Set(
            info.streams.filter { $0.kind == .audio && !$0.isHandledByContainer }.map(\.index))
        // A stream that has ended is not waited for longer than interleaving reaches.
        let patience = end + 10
        var isPatient = true
        while isPatient, !behind.isEmpty, !stopSignal.isRaised {
            let more = try source.skipPacket { packet in
                let raw = packet.pointer.pointee
                let index = Int(raw.stream_index)
                let time = raw.dts == SHIM_NO_TIMESTAMP ? raw.pts : raw.dts
                if time != SHIM_NO_TIMESTAMP {
                    let base = demuxer.stream(index).pointee.time_base
                    let seconds = Double(av_rescale_q(time, base, shimMicroseconds) - zero) / 1e6
                    if seconds >= end { behind.remove(index) }
                    isPatient = seconds < patience
                }
                if index != source.drawn { try packetHandler(packet) }
            }
            if !more { return }
        }
    }

    /// A demuxer takes the place where a file was cut off for its end. What a container says about its own length shows
    /// it; one that says nothing, such as MPEG-TS, ends where it ends.
    private func noteTruncation() {
        if let flaw = ContainerLength.flaw(of: demuxer.name) {
            source.recordDamage(flaw, at: endTime)
            return
        }
        // FLV knows its duration only, which need not be exact.
        guard info.container == "flv", let duration = info.duration, endTime < duration - 0.5 else { return }
        source.recordDamage(
            "the pictures end at \(endTime.formatted) s of the \(duration.formatted) s in the header", at: endTime)
    }
}

let shimMicroseconds = AVRational(num: 1, den: AV_TIME_BASE)

extension Double {
    /// Seconds for people: two decimals.
    var formatted: String { String(format: "%.2f", self) }
}
