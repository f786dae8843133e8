internal import CFFmpeg
internal import Dispatch
package import Frames
internal import Synchronization

/// An open live output: encodes drawn frames without delay, each under the time at which its source showed it, and carries
/// the source's sound beside them.
///
/// Frames may be missing. Sound waits in a queue of its own, so that an output that takes nothing holds nobody else up.
package final class LiveWriter: @unchecked Sendable {
    // @unchecked Sendable: `converter`, `encoder` and `packet` belong to the thread that writes frames, the carriers to
    // `sound`; the muxer they share locks itself. `finish` runs when no more frames or sound come.

    /// How frames follow each other in an output.
    package enum Cadence: String, Sendable, CaseIterable {
        /// Each at its own time.
        case variable
        /// Evenly: one that is missing is replaced by the one before.
        case constant
    }

    package let warnings: [String]
    /// No frame was written yet. Read by the thread that writes, or after it has ended.
    package var isEmpty: Bool { number == 0 }
    package let encoderName: String
    private let muxer: Muxer
    private let encoder: VideoEncoder
    private let converter: FrameConverter
    private let packet = Packet()
    private let drawnIndex: Int
    private var number = 0
    private let timeBase: TimeBase
    /// Ticks at which the output begins.
    private let origin: Int64
    /// Where frames come evenly: their places, the next one, and the last picture.
    private let grid: FrameGrid?
    private var nextPlace: Int64 = 0
    private var lastPicture: Picture?
    private var carriers: [Int: StreamCarrier] = [:]
    private let sound = DispatchQueue(label: "sakuga.live.sound", qos: .userInteractive)
    private let waiting = Atomic(0)
    private let failure = Mutex<(any Error)?>(nil)
    /// Packets of sound that wait at most, some seconds; what comes then is lost.
    private static let patience = 256

    /// Opens the destination and writes the header.
    ///
    /// - Parameters:
    ///   - url: where to write, as FFmpeg understands it.
    ///   - reader: whose pictures are drawn.
    ///   - sound: is carried beside them, once the writer is added to its `PacketTee`.
    ///   - width, height: of the output; frames of other sizes are scaled to it.
    ///   - cadence: whether frames keep their times or come evenly.
    ///   - start: the time of the run, in seconds, at which the output begins.
    /// - Throws: `.usage` for encoder options that do not work, `.cannotCreate` where the destination does not open.
    package init(
        _ destination: LiveDestination, url: String, reader: MediaReader, sound: LiveSound, output: OutputOptions,
        width: Int, height: Int, cadence: Cadence, start: Double
    ) throws {
        var options = output
        options.container = options.container ?? destination.container
        // A broadcast is watched by whoever comes later, and a microphone gives plain samples: sound as players expect it.
        if options.audio == .automatic, destination.isLive || sound.isClocked { options.audio = .usual }
        if destination.kind == .virtualCamera { options.audio = .none }
        let plan = try OutputPlan.make(for: reader, output: destination.name, options: options)
        let rate = max(1, Int(av_q2d(AVRational(reader.picture.frameRate)).rounded()))
        let encoderOptions = Self.encoderOptions(options.encoder, destination, plan, rate: rate)
        muxer = try Muxer(url: url, name: destination.name, container: plan.container)
        encoder = try VideoEncoder(
            encoderOptions, defaultName: plan.defaultEncoder(for: destination.name),
            target: .init(
                width: width, height: height, aspect: reader.picture.aspect, picture: reader.picture,
                globalHeader: muxer.wantsGlobalHeader, container: plan.container, isPictureFile: plan.isPictureFile))
        encoderName = encoder.name
        converter = try FrameConverter(encoder: encoder, color: encoder.color)
        timeBase = reader.picture.timeBase
        origin = Int64((start / timeBase.seconds).rounded())
        grid = cadence == .constant ? FrameGrid(reader.picture.frameRate, timeBase) : nil
        let stream = muxer.addStream()
        drawnIndex = Int(stream.pointee.index)
        avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context)
        stream.pointee.time_base = encoder.timeBase
        stream.pointee.avg_frame_rate = AVRational(reader.picture.frameRate)
        stream.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
        // Interleaving waits for the other streams; live, no longer than this.
        if destination.isLive { muxer.context.pointee.max_interleave_delta = 200_000 }
        // Nothing waits in a buffer, for whoever reads along and for a recording that ends with the power.
        muxer.context.pointee.flags |= AVFMT_FLAG_FLUSH_PACKETS
        var warnings: [String] = []
        for entry in try plan.soundEntries(of: sound, output: destination.name, options: options) {
            switch entry.action {
            case .copy, .convert:
                let timeline = StreamCarrier.Timeline(
                    zero: Int64(start * 1e6), cutsStart: true, isClocked: sound.isClocked)
                carriers[entry.stream] = try StreamCarrier(
                    sound.streams.first { $0.index == entry.stream }!, action: entry.action, of: sound.demuxer,
                    timeline, muxer: muxer, container: plan.container)
            case .drop(let reason, true, _): warnings.append("the sound is left out: \(reason)")
            default: break
            }
        }
        self.warnings = warnings
        try muxer.begin(options: Self.muxerOptions(plan.container))
    }

    /// Encodes and sends a frame. One thread at a time.
    package func write(_ frame: Frame) throws {
        if let error = failure.withLock({ $0 }) { throw error }
        let ticks =
            av_rescale_q(frame.timestamp.ticks, AVRational(frame.timestamp.timeBase), AVRational(timeBase)) - origin
        // What was captured before the output began.
        guard ticks >= 0 else { return }
        guard let grid else { return try encode(frame, at: ticks) }
        let place = grid.place(of: ticks)
        guard place >= nextPlace else { return }
        // Where frames are missing, the last one is shown on.
        if let lastPicture {
            while nextPlace < place { try encode(lastPicture, at: takePlace(grid)) }
        }
        nextPlace = place
        try encode(frame, at: takePlace(grid))
    }

    private func takePlace(_ grid: FrameGrid) -> Int64 {
        defer { nextPlace += 1 }
        return grid.ticks(at: nextPlace)
    }

    private func encode(_ frame: Frame, at ticks: Int64) throws {
        let picture = try converter.picture(from: frame)
        if grid != nil { lastPicture = picture }
        try encode(picture, at: ticks)
    }

    private func encode(_ picture: Picture, at ticks: Int64) throws {
        picture.number = number
        number += 1
        picture.timestamp = Timestamp(ticks: ticks, timeBase: timeBase)
        try encode(picture)
    }

    private func encode(_ picture: Picture?) throws {
        try encoder.encode(picture, into: packet) { packet in
            try muxer.write(packet, to: drawnIndex, timeBase: encoder.timeBase)
        }
    }

    /// Completes the output.
    package func finish() throws {
        try encode(nil)
        try sound.sync {
            for index in carriers.keys.sorted() { try carriers[index]!.finish(end: nil) }
        }
        try muxer.finish()
    }

    /// Takes a packet of sound on the thread that reads it; `stream` is its place in the sound's input.
    func take(_ packet: Packet, stream: Int) {
        guard carriers[stream] != nil, waiting.load(ordering: .relaxed) < Self.patience else { return }
        waiting.add(1, ordering: .relaxed)
        let parcel = Parcel(packet: packet.reference())
        sound.async { [self] in
            waiting.subtract(1, ordering: .relaxed)
            do {
                try carriers[stream]?.carry(parcel.packet, end: nil)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }

    private struct Parcel: @unchecked Sendable {
        // @unchecked Sendable: a packet of its own, made for the queue that uses it up.
        let packet: Packet
    }

    // MARK: Settings

    /// What the user asks, completed so that every picture leaves the encoder at once.
    private static func encoderOptions(
        _ asked: EncoderOptions, _ destination: LiveDestination, _ plan: OutputPlan, rate: Int
    ) -> EncoderOptions {
        var options = asked
        if destination.kind == .virtualCamera {
            options.name = options.name ?? "rawvideo"
            options.pixelFormat = options.pixelFormat ?? "yuv420p"
            return options
        }
        func preset(_ key: String, _ value: String) { options.options[key] = options.options[key] ?? value }
        switch options.name ?? plan.defaultEncoder(for: destination.name) {
        case "libx264", "libx265":
            preset("tune", "zerolatency")
            options.preset = options.preset ?? "superfast"
            // Whoever joins a broadcast waits for a key frame: a second at most.
            if destination.isLive { preset("g", "\(rate)") }
        case "libvpx-vp9", "libvpx":
            preset("deadline", "realtime")
            preset("lag-in-frames", "0")
            preset("cpu-used", "8")
        default: break
        }
        return options
    }

    private static func muxerOptions(_ container: String) -> [String: String] {
        switch container {
        // A recording that ends with the machine's power can be played up to there.
        case "mp4", "mov", "ipod": ["movflags": "frag_keyframe+empty_moov+default_base_moof"]
        case "hls":
            ["hls_time": "2", "hls_list_size": "6", "hls_flags": "delete_segments+independent_segments+temp_file"]
        case "flv": ["flvflags": "no_duration_filesize"]
        default: [:]
        }
    }
}
