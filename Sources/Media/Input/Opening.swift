internal import CFFmpeg
internal import Frames

/// Reads an input up to its first picture that is to be drawn.
struct Opening {
    let reader: Demuxer
    let decoder: Decoder
    let packet: Packet
    let drawn: Int
    let timeBase: AVRational
    /// Pictures before this timestamp are decoded, but not drawn.
    let firstTicks: Int64?
    let nominalDuration: Int64
    /// Packets of other streams that came on the way.
    private(set) var otherPackets: [Packet] = []
    private(set) var ended = false
    private(set) var damage = DamageReport()

    init(
        reader: Demuxer, decoder: Decoder, packet: Packet, drawn: Int, timeBase: AVRational, firstTicks: Int64?,
        nominalDuration: Int64
    ) {
        self.reader = reader
        self.decoder = decoder
        self.packet = packet
        self.drawn = drawn
        self.timeBase = timeBase
        self.firstTicks = firstTicks
        self.nominalDuration = nominalDuration
    }

    mutating func firstPicture() throws(SakugaError) -> Picture {
        var decodedAny = false
        let picture = Picture()
        while true {
            let code = decoder.receive(into: picture.pointer)
            if code == 0 {
                decodedAny = true
                let time = picture.pointer.pointee.best_effort_timestamp
                // A picture belongs to the range when it begins in it, to within half a tick of rounding.
                if let firstTicks, time != SHIM_NO_TIMESTAMP, time < firstTicks { continue }
                return picture
            }
            if code == SHIM_ERROR_EOF { throw nothingDecoded(decodedAny) }
            if code == SHIM_ERROR_AGAIN { feed() } else { damage.record(ffmpegText(code), at: 0) }
        }
    }

    private mutating func feed() {
        while !ended {
            let (more, error) = reader.read(into: packet)
            guard more else {
                if let error { damage.record(ffmpegText(error), at: 0) }
                break
            }
            if Int(packet.pointer.pointee.stream_index) != drawn {
                otherPackets.append(packet.reference())
                continue
            }
            let code = decoder.send(packet)
            if code < 0 { damage.record(ffmpegText(code), at: 0) }
            return
        }
        ended = true
        _ = decoder.send(nil)
    }

    private func nothingDecoded(_ decodedAny: Bool) -> SakugaError {
        if decodedAny {
            return SakugaError(
                .usage, "no picture of '\(reader.name)' lies in the chosen range", hint: "choose an earlier --start")
        }
        let said = FFmpegLog.takeLastError().map { "; \($0)" } ?? ""
        return SakugaError(
            .data,
            "no picture of \(decoder.label) can be decoded: \(damage.isClean ? "the stream is empty" : damage.firstReason)"
                + " (avcodec_receive_frame\(said))", hint: "the file may be damaged; try to get it again")
    }
}
