internal import CFFmpeg
internal import Foundation
internal import Frames
internal import Synchronization

/// An open input: yields the pictures of its drawn stream upright, progressive and in BT.709 or as they are, and hands
/// every packet of the other streams to whoever carries them over.
///
/// Timestamps count from the start of the output: from the container's start time, or with `InputOptions.start` from the
/// first picture that is drawn. The first picture is decoded on opening, so that a file in which nothing decodes fails
/// before any output exists.
package final class MediaReader: @unchecked Sendable {
    // @unchecked Sendable: everything but `stopRequested` and the immutable facts is used by one stage (decode) only.

    package let info: MediaInfo
    /// The picture as it is drawn: upright.
    package let picture: PictureDescription
    /// The damage met so far. Complete once `nextPicture` returned nil.
    package private(set) var damage = DamageReport()
    package private(set) var decodedCount = 0

    let demuxer: Demuxer
    /// What maps the input's timeline to the output's, in microseconds: subtracted from every timestamp.
    let zero: Int64
    /// Receives packets of streams that are not drawn, in the order of the file, on the decode stage.
    var packetHandler: ((Packet) throws -> Void)? {
        didSet { wantsOtherStreams = true }
    }

    private let options: InputOptions
    private let decoder: Decoder
    private let drawn: Int
    private var timeBase: AVRational
    private var filters: FilterGraph?
    private let packet = Packet()
    private var waitingPackets: [Packet] = []
    private var firstPicture: Picture?
    private var lastTicks = Int64.min
    private var nominalDuration: Int64
    private var inputEnded = false
    private var wantsOtherStreams = false
    private var lastPacketEnd = 0.0
    private let stopRequested = Atomic(false)

    /// Opens `input`: a path, a URL, `-` for standard input, or a pattern of a numbered sequence (`frames/%04d.png`).
    ///
    /// - Throws: `.noInput` when it cannot be opened; `.data` when it has no video or no picture of it decodes;
    ///   `.unavailable` when FFmpeg has no decoder for it; `.usage` when the trim range is outside the input.
    package init(_ input: String, options: InputOptions = InputOptions()) throws {
        self.options = options
        demuxer = try Self.open(input, options)
        info = MediaInfo(demuxer)
        guard let drawn = info.drawnStream else {
            let kinds = Set(info.streams.map(\.kind.rawValue)).sorted().joined(separator: ", ")
            throw SakugaError(
                .data, "'\(demuxer.name)' has no video stream\(kinds.isEmpty ? "" : ", only \(kinds)")",
                hint: "give a video or a picture")
        }
        self.drawn = drawn
        let stream = demuxer.stream(drawn)
        timeBase = stream.pointee.time_base
        for index in info.streams.indices where index != drawn && info.streams[index].isHandledByContainer {
            demuxer.stream(index).pointee.discard = AVDISCARD_ALL
        }
        decoder = try Decoder(stream: stream, label: "video stream \(drawn) of '\(demuxer.name)'")
        let rate = av_guess_frame_rate(demuxer.context, stream, nil)
        let usable = rate.num > 0 && rate.den > 0 && Double(rate.num) / Double(rate.den) < 1000
        let frameRate = usable ? rate : AVRational(num: 25, den: 1)
        nominalDuration = max(1, av_rescale_q(1, AVRational(num: frameRate.den, den: frameRate.num), timeBase))
        let container = demuxer.context.pointee.start_time
        let containerStart = container == SHIM_NO_TIMESTAMP ? 0 : container
        if let start = options.start, start > 0 {
            if let duration = info.duration, start >= duration, !info.isStill {
                throw SakugaError(
                    .usage, "--start \(start.formatted) s is past the end of '\(demuxer.name)' at \(duration.formatted) s",
                    hint: "choose an earlier start")
            }
            _ = demuxer.seek(toMicroseconds: containerStart + Int64(start * 1e6))
        }

        // Decode the first picture: its properties, not the header's, are what the conversions are set up for.
        var opening = Opening(
            reader: demuxer, decoder: decoder, packet: packet, drawn: drawn, timeBase: timeBase,
            firstTicks: options.start.map {
                av_rescale_q(containerStart + Int64($0 * 1e6), shimMicroseconds, stream.pointee.time_base)
            }, nominalDuration: nominalDuration)
        let first = try opening.firstPicture()
        waitingPackets = opening.otherPackets
        inputEnded = opening.ended
        damage = opening.damage
        let firstTicks = first.pointer.pointee.best_effort_timestamp
        zero =
            options.start == nil || firstTicks == SHIM_NO_TIMESTAMP
            ? containerStart : av_rescale_q(firstTicks, timeBase, shimMicroseconds)
        let chain = Self.filterChain(first, stream: stream, info: info.streams[drawn].video, options: options)
        picture = PictureDescription(
            first.pointer, filters: chain, timeBase: timeBase, frameRate: frameRate,
            guessedAspect: av_guess_sample_aspect_ratio(demuxer.context, stream, first.pointer))
        if !chain.filters.isEmpty {
            let graph = try FilterGraph(
                chain.filters.joined(separator: ","), like: first.pointer, timeBase: timeBase)
            filters = graph
        }
        firstPicture = first
    }

    private static func open(_ input: String, _ options: InputOptions) throws(SakugaError) -> Demuxer {
        var settings: [String: String] = [:]
        var format = options.format
        let isURL = input == "-" || input.contains("://")
        if !isURL, format == nil {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: input, isDirectory: &isFolder), isFolder.boolValue {
                throw SakugaError(
                    .noInput, "'\(input)' is a folder", hint: "give the files in it, or -o FOLDER/ to draw them all")
            }
            if !FileManager.default.fileExists(atPath: input), input.contains("%"), av_filename_number_test(input) == 1 {
                format = "image2"
            }
        }
        if let rate = options.sequenceRate, format == "image2" { settings["framerate"] = "\(rate)" }
        if let whitelist = options.protocolWhitelist { settings["protocol_whitelist"] = whitelist }
        // A relative path with a colon in its name would be taken for a protocol.
        let url = input == "-" ? "pipe:0" : isURL || format != nil ? input : "file:\(input)"
        return try Demuxer(url: url, name: input, format: format, options: settings)
    }

    /// Ends the input at the next picture, as if the file ended there. Callable on any thread.
    package func stop() { stopRequested.store(true, ordering: .relaxed) }

    /// Returns the next picture in presentation order, or nil once the decoder is drained or the trim range ends.
    package func nextPicture() throws -> Picture? {
        if let handler = packetHandler, !waitingPackets.isEmpty {
            for packet in waitingPackets { try handler(packet) }
            waitingPackets.removeAll()
        }
        if let limit = options.frameLimit, decodedCount >= limit {
            try passOtherStreams()
            return nil
        }
        guard !stopRequested.load(ordering: .relaxed), let next = try nextUpright() else {
            finishDamageReport()
            return nil
        }
        if let end = options.end, next.timestamp.seconds + Double(zeroTicks) * picture.timeBase.seconds
            >= end + containerStartSeconds - 1e-6 {
            try passOtherStreams()
            return nil
        }
        decodedCount += 1
        return next
    }

    /// Seconds of the output at which the last returned picture ends.
    package private(set) var endTime = 0.0

    /// The drawn pictures end before the input does: trimmed, or stopped.
    var endsEarly: Bool {
        options.end != nil || options.frameLimit != nil || stopRequested.load(ordering: .relaxed)
    }

    // MARK: Timeline

    private var zeroTicks: Int64 { av_rescale_q(zero, shimMicroseconds, timeBase) }
    private var containerStartSeconds: Double {
        let start = demuxer.context.pointee.start_time
        return start == SHIM_NO_TIMESTAMP ? 0 : Double(start) / 1e6
    }

    private func number(_ picture: Picture, ticks raw: Int64, duration: Int64) {
        var ticks = raw == SHIM_NO_TIMESTAMP ? lastTicks &+ nominalDuration : raw - zeroTicks
        if lastTicks == Int64.min {
            if raw == SHIM_NO_TIMESTAMP { ticks = 0 }
        } else if ticks <= lastTicks {
            // Two pictures cannot be shown at once; damaged streams claim it.
            ticks = lastTicks + 1
        }
        lastTicks = ticks
        picture.number = decodedCount
        picture.timestamp = Timestamp(ticks: ticks, timeBase: self.picture.timeBase)
        picture.duration = duration > 0 ? duration : nominalDuration
        endTime = Double(ticks + picture.duration) * self.picture.timeBase.seconds
    }

    // MARK: Decoding

    private func nextUpright() throws -> Picture? {
        guard let filters else {
            guard let picture = try nextDecoded() else { return nil }
            let frame = picture.pointer.pointee
            number(picture, ticks: frame.best_effort_timestamp, duration: shim_frame_duration(picture.pointer))
            return picture
        }
        let picture = Picture()
        while try !filters.pull(into: picture.pointer) {
            if let decoded = try nextDecoded() {
                decoded.pointer.pointee.pts = decoded.pointer.pointee.best_effort_timestamp
                try filters.push(decoded.pointer)
            } else if !filtersDrained {
                filtersDrained = true
                try filters.push(nil)
            } else {
                return nil
            }
        }
        let pts = picture.pointer.pointee.pts
        let ticks = pts == SHIM_NO_TIMESTAMP ? pts : av_rescale_q(pts, filters.timeBase, timeBase)
        number(picture, ticks: ticks, duration: nominalDuration)
        return picture
    }

    private var filtersDrained = false

    private func nextDecoded() throws -> Picture? {
        if let first = firstPicture {
            firstPicture = nil
            return first
        }
        let picture = Picture()
        while true {
            let code = decoder.receive(into: picture.pointer)
            if code == 0 {
                noteCorruption(of: picture)
                return picture
            }
            if code == SHIM_ERROR_EOF { return nil }
            if code != SHIM_ERROR_AGAIN {
                damage.record(ffmpegText(code), at: endTime)
                continue
            }
            if stopRequested.load(ordering: .relaxed) { return nil }
            try feedDecoder()
        }
    }

    private func noteCorruption(of picture: Picture) {
        let frame = picture.pointer.pointee
        if frame.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.decode_error_flags != 0 {
            damage.record("a picture is damaged", at: endTime)
        }
    }

    private func feedDecoder() throws {
        while !inputEnded {
            let (more, error) = demuxer.read(into: packet)
            guard more else {
                if let error { damage.record(ffmpegText(error), at: endTime) }
                break
            }
            if Int(packet.pointer.pointee.stream_index) != drawn {
                try passOn(packet)
                continue
            }
            noteEnd(of: packet)
            let code = decoder.send(packet)
            if code < 0 { damage.record(ffmpegText(code), at: endTime) }
            return
        }
        inputEnded = true
        _ = decoder.send(nil)
    }

    private func passOn(_ packet: Packet) throws {
        noteEnd(of: packet)
        guard wantsOtherStreams else { return }
        try packetHandler?(packet)
    }

    private func noteEnd(of packet: Packet) {
        let raw = packet.pointer.pointee
        guard raw.pts != SHIM_NO_TIMESTAMP else { return }
        let base = demuxer.stream(Int(raw.stream_index)).pointee.time_base
        lastPacketEnd = max(
            lastPacketEnd, Double(av_rescale_q(raw.pts + max(0, raw.duration), base, shimMicroseconds) - zero) / 1e6)
    }

    /// Past the last picture: reads on until the other streams have reached its end too.
    private func passOtherStreams() throws {
        guard !inputEnded, let packetHandler else { return }
        inputEnded = true
        var behind = Set(
            info.streams.filter { $0.kind == .audio && !$0.isHandledByContainer && $0.index != drawn }.map(\.index))
        while !behind.isEmpty, !stopRequested.load(ordering: .relaxed) {
            guard demuxer.read(into: packet).more else { break }
            let raw = packet.pointer.pointee
            let index = Int(raw.stream_index)
            let time = raw.dts == SHIM_NO_TIMESTAMP ? raw.pts : raw.dts
            if time != SHIM_NO_TIMESTAMP {
                let base = demuxer.stream(index).pointee.time_base
                let seconds = Double(av_rescale_q(time, base, shimMicroseconds) - zero) / 1e6
                if seconds >= endTime { behind.remove(index) }
                // A stream that has ended is not waited for.
                if seconds >= endTime + 10 { break }
            }
            if index != drawn { try packetHandler(packet) }
        }
    }

    private func finishDamageReport() {
        guard damage.isClean, !options.trims, !info.isStill, !stopRequested.load(ordering: .relaxed),
            let duration = info.duration, lastPacketEnd > 0, lastPacketEnd < duration - 0.5
        else { return }
        damage.record(
            "the file ends at \(lastPacketEnd.formatted) s of the \(duration.formatted) s in its header",
            at: lastPacketEnd)
    }

    // MARK: What happens to a picture before it is drawn

    private static func filterChain(
        _ first: Picture, stream: UnsafeMutablePointer<AVStream>, info: MediaInfo.Video?, options: InputOptions
    ) -> FilterChain {
        var chain = FilterChain()
        let frame = first.pointer.pointee
        if options.deinterlaces, frame.interlaced_frame != 0 || info?.isInterlaced == true {
            chain.filters.append("bwdif=mode=send_frame:parity=auto:deint=interlaced")
            chain.deinterlaces = true
        }
        if ColorDescription(first.pointer).isHDR {
            // Linear light, BT.709 primaries, then the Hable curve, as FFmpeg's documentation suggests for HDR sources.
            chain.filters.append(
                "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
                    + "zscale=t=bt709:m=bt709:r=tv,format=yuv420p")
            chain.toneMaps = true
        }
        if let turn = orientation(of: first, stream: stream)?.filters {
            chain.filters.append(turn)
            chain.turns = true
        }
        return chain
    }

    private static func orientation(of first: Picture, stream: UnsafeMutablePointer<AVStream>) -> Orientation? {
        if let matrix = shim_stream_display_matrix(stream) { return Orientation(displayMatrix: matrix) }
        if let side = av_frame_get_side_data(first.pointer, AV_FRAME_DATA_DISPLAYMATRIX) {
            return side.pointee.data.withMemoryRebound(to: Int32.self, capacity: 9) {
                Orientation(displayMatrix: $0)
            }
        }
        if let entry = av_dict_get(first.pointer.pointee.metadata, "Orientation", nil, 0) {
            return Int(String(cString: entry.pointee.value).trimmingCharacters(in: .whitespaces))
                .flatMap(Orientation.init(rawValue:))
        }
        return nil
    }
}

let shimMicroseconds = AVRational(num: 1, den: AV_TIME_BASE)

extension Double {
    /// Seconds for people: two decimals.
    var formatted: String { String(format: "%.2f", self) }
}
