internal import CFFmpeg
internal import Frames

/// Finds the first picture of an input that is to be drawn: the very first, or the first at or after a given time.
final class FirstPicture {
    private let source: PictureSource
    private let info: MediaInfo
    private let target: Int64?
    private let end: Int64?
    /// Packets of other streams that came on the way and may belong to the output.
    private(set) var otherPackets: [Packet] = []

    /// - Parameters:
    ///   - target: in ticks of the drawn stream; nil: from the beginning.
    ///   - end: in the same ticks; a range without any picture is an error.
    init(source: PictureSource, info: MediaInfo, target: Int64?, end: Int64?) {
        (self.source, self.info, self.target, self.end) = (source, info, target, end)
        source.otherPacket = { [unowned self] packet in keep(packet) }
    }

    /// - Throws: `.usage` when no picture lies in the range, `.data` when none decodes.
    func find(startSeconds: Double) throws -> Picture {
        // Looking for what cannot be there would read the whole file.
        if let duration = info.duration, !info.isStill, startSeconds > duration + 1 { throw nothingAfter(startSeconds) }
        let picture = try target == nil ? source.next() : pictureAtTarget()
        let name = source.demuxer.name
        guard let picture else {
            if source.decodedCount == 0 { throw nothingDecoded() }
            throw nothingAfter(startSeconds)
        }
        let time = picture.pointer.pointee.best_effort_timestamp
        if let end, time != SHIM_NO_TIMESTAMP, time >= end {
            throw SakugaError(.usage, "no picture of '\(name)' lies in the chosen range", hint: "choose a later --end")
        }
        return picture
    }

    /// Containers find a place by decoding time, by a coarse index or by any packet: what comes out first shows whether it
    /// was early enough. Farther back is tried until it was.
    private func pictureAtTarget() throws -> Picture? {
        guard let target, source.demuxer.canSeek else { return try skipToTarget(from: source.next()) }
        let microseconds = av_rescale_q(target, source.timeBase, shimMicroseconds)
        let begin = source.demuxer.startMicroseconds
        // Sound that reaches into the first picture may be stored before the key frame.
        for back: Int64 in [500_000, 5_000_000, 30_000_000, .max] {
            let place = back == .max || microseconds - back < begin ? begin : microseconds - back
            otherPackets.removeAll()
            guard source.restart(atMicroseconds: place) else { break }
            let first = try source.next()
            let time = first?.pointer.pointee.best_effort_timestamp
            if let time, time == SHIM_NO_TIMESTAMP || time <= target { return try skipToTarget(from: first) }
            if place == begin { return try skipToTarget(from: first) }
        }
        return try skipToTarget(from: source.next())
    }

    private func skipToTarget(from first: Picture?) throws -> Picture? {
        guard let target else { return first }
        var picture = first
        while let time = picture?.pointer.pointee.best_effort_timestamp, time != SHIM_NO_TIMESTAMP, time < target {
            picture = try source.next()
        }
        return picture
    }

    /// Keeps a packet of another stream unless it ends well before the target.
    private func keep(_ packet: Packet) {
        let raw = packet.pointer.pointee
        if let target, raw.pts != SHIM_NO_TIMESTAMP {
            let index = Int(raw.stream_index)
            let base = source.demuxer.stream(index).pointee.time_base
            // Sound decoders need some packets to swing in; a subtitle may be shown for long.
            let reach = info.streams[index].kind == .subtitle ? max(raw.duration, 0) : 0
            let preroll = av_rescale_q(1_000_000, shimMicroseconds, base)
            if av_compare_ts(raw.pts + reach + preroll, base, target, source.timeBase) < 0 { return }
        }
        otherPackets.append(packet.reference())
    }

    private func nothingAfter(_ seconds: Double) -> SakugaError {
        let length = info.duration.map { ", which is \($0.formatted) s long," } ?? ""
        return SakugaError(
            .usage, "no picture of '\(source.demuxer.name)'\(length) comes at or after \(seconds.formatted) s",
            hint: "choose an earlier --start")
    }

    private func nothingDecoded() -> SakugaError {
        if source.demuxer.stop.isRaised { return SakugaError(.interrupted, "stopped while opening the input") }
        let said = FFmpegLog.takeLastError(of: .input).map { "; \($0)" } ?? ""
        let reason = source.damage.isClean ? "the stream is empty" : source.damage.firstReason
        let needsIndexFirst = !source.demuxer.canSeek && info.container.contains("mp4")
        return SakugaError(
            .data, "no picture of \(source.decoder.label) can be decoded: \(reason) (avcodec_receive_frame\(said))",
            hint: needsIndexFirst
                ? "an MP4 or MOV film whose index stands at its end cannot be read forwards only: give it as a file"
                : "the file may be damaged; try to get it again")
    }
}
