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
    private(set) var hasEnded = false
    private let packet = Packet()
    private var awaitsKey = false
    private var fruitless = 0

    init(demuxer: Demuxer, drawn: Int, isLive: Bool = false) throws(SakugaError) {
        let stream = demuxer.stream(drawn)
        self.demuxer = demuxer
        self.drawn = drawn
        timeBase = stream.pointee.time_base
        // Whoever joins a broadcast comes between key frames: what is drawn from nothing until then is grey.
        awaitsKey = isLive
        decoder = try Decoder(stream: stream, label: "video stream \(drawn) of '\(demuxer.name)'", isLive: isLive)
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
            if raw.flags & AV_PKT_FLAG_CORRUPT != 0 { damage.record("a packet is damaged", at: position) }
            let code = decoder.send(packet)
            if code < 0 { damage.record(ffmpegText(code), at: position) }
            return
        }
        hasEnded = true
        _ = decoder.send(nil)
    }

    private func noteCorruption(of picture: Picture) {
        let frame = picture.pointer.pointee
        if frame.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.decode_error_flags != 0 {
            damage.record("a picture is damaged", at: position)
        }
    }
}
