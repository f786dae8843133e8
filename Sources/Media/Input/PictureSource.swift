internal import CFFmpeg
internal import Frames

/// Reads packets of an input, decodes those of its drawn stream, and passes the others on. Used by one thread at a time.
final class PictureSource {
    let demuxer: Demuxer
    let decoder: Decoder
    /// The index of the decoded stream.
    let drawn: Int
    let timeBase: AVRational
    /// Receives packets of the other streams, in the order of the file.
    var otherPacket: ((Packet) throws -> Void)?
    private(set) var damage = DamageReport()
    /// Seconds of the output reached so far: where damage is said to be.
    var position = 0.0
    /// How many pictures came out of the decoder since the last seek.
    private(set) var decodedCount = 0
    /// When the last packet of the drawn stream that was read ends, in ticks of its time base.
    private(set) var lastPacketEnd = Int64.min
    /// The latest decoding time among those packets.
    private(set) var lastDecodingTime = Int64.min
    private(set) var hasEnded = false
    private let packet = Packet()
    private var awaitsKey = false
    private var fruitless = 0

    init(demuxer: Demuxer, drawn: Int) throws(SakugaError) {
        let stream = demuxer.stream(drawn)
        self.demuxer = demuxer
        self.drawn = drawn
        timeBase = stream.pointee.time_base
        decoder = try Decoder(stream: stream, label: "video stream \(drawn) of '\(demuxer.name)'")
    }

    /// Returns the next picture in presentation order, or nil when the decoder is drained or the input was stopped.
    func next() throws -> Picture? {
        let picture = Picture()
        while true {
            let code = decoder.receive(into: picture.pointer)
            if code == 0 {
                fruitless = 0
                decodedCount += 1
                noteCorruption(of: picture)
                return picture
            }
            if code == SHIM_ERROR_EOF { return nil }
            if code == SHIM_ERROR_AGAIN {
                if demuxer.stop.isRaised { return nil }
                try feed()
                continue
            }
            damage.record(ffmpegText(code), at: position)
            // Some decoders repeat an error for ever once they are drained.
            fruitless += 1
            if hasEnded, fruitless > 64 { return nil }
        }
    }

    /// Reads on without decoding, for the sake of the other streams; false at the end.
    func skipPacket(_ use: (Packet) throws -> Void) rethrows -> Bool {
        guard !hasEnded, demuxer.read(into: packet).more else {
            hasEnded = true
            return false
        }
        try use(packet)
        return true
    }

    /// Goes to a key frame at or before `microseconds` of the container's timeline and starts anew there; false where the
    /// input cannot seek.
    func restart(atMicroseconds target: Int64) -> Bool {
        guard demuxer.seek(toMicroseconds: target) else { return false }
        decoder.flush()
        (hasEnded, awaitsKey, fruitless, decodedCount) = (false, true, 0, 0)
        (lastPacketEnd, lastDecodingTime) = (Int64.min, Int64.min)
        damage = DamageReport()
        return true
    }

    func recordDamage(_ reason: String, at seconds: Double) { damage.record(reason, at: seconds) }

    private func feed() throws {
        while !hasEnded {
            let (more, error) = demuxer.read(into: packet)
            guard more else {
                if let error { damage.record(ffmpegText(error), at: position) }
                break
            }
            guard Int(packet.pointer.pointee.stream_index) == drawn else {
                try otherPacket?(packet)
                continue
            }
            let raw = packet.pointer.pointee
            // Some containers seek to any packet; what comes before a key frame would be drawn from nothing.
            if awaitsKey, raw.flags & AV_PKT_FLAG_KEY == 0 { continue }
            awaitsKey = false
            noteEnd(of: raw)
            if raw.flags & AV_PKT_FLAG_CORRUPT != 0 { damage.record("a packet is damaged", at: position) }
            let code = decoder.send(packet)
            if code < 0 { damage.record(ffmpegText(code), at: position) }
            return
        }
        hasEnded = true
        _ = decoder.send(nil)
    }

    private func noteEnd(of packet: AVPacket) {
        // AVI has no presentation times.
        let time = packet.pts == SHIM_NO_TIMESTAMP ? packet.dts : packet.pts
        if time != SHIM_NO_TIMESTAMP { lastPacketEnd = max(lastPacketEnd, time + max(0, packet.duration)) }
        if packet.dts != SHIM_NO_TIMESTAMP { lastDecodingTime = max(lastDecodingTime, packet.dts) }
    }

    private func noteCorruption(of picture: Picture) {
        let frame = picture.pointer.pointee
        if frame.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.decode_error_flags != 0 {
            damage.record("a picture is damaged", at: position)
        }
    }
}
