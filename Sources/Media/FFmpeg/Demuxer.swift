internal import CFFmpeg
internal import Foundation
internal import Frames

/// An open input container. Owns its AVFormatContext. Used by one thread at a time.
final class Demuxer {
    let context: UnsafeMutablePointer<AVFormatContext>
    /// The input as the user named it.
    let name: String
    let stop: StopSignal
    private let pipe: PipeInput?
    private var isClosed = false
    /// When the pictures of a sequence with gaps are shown, in ticks.
    private var places: [Int64] = []

    /// Opens `url` and reads enough to know its streams.
    ///
    /// - Parameters:
    ///   - name: the input as the user named it.
    ///   - asked: names of `options` that must be known to the input.
    ///   - pipe: where the bytes come from, instead of from `url`.
    ///   - stop: ends blocked reads.
    /// - Throws: `.noInput` when it cannot be opened, `.data` when no demuxer understands it. Uses avformat_open_input
    ///   and avformat_find_stream_info.
    init(
        url: String, name: String, format: String? = nil, options: [String: String] = [:], asked: Set<String> = [],
        pipe: PipeInput? = nil, stop: StopSignal
    ) throws(SakugaError) {
        FFmpegLog.install()
        FFmpegLog.forget(.input)
        (self.name, self.pipe, self.stop) = (name, pipe, stop)
        var inputFormat: UnsafePointer<AVInputFormat>?
        if let format {
            inputFormat = av_find_input_format(format)
            guard inputFormat != nil else {
                throw SakugaError(.usage, "unknown input format '\(format)'")
            }
        }
        var dictionary = FFmpegDictionary(options)
        var opened = avformat_alloc_context()
        opened!.pointee.interrupt_callback = stop.interruptCallback
        if let pipe { opened!.pointee.pb = pipe.context }
        // On failure this frees the context.
        let code = avformat_open_input(&opened, url, inputFormat, &dictionary.pointer)
        guard code >= 0, let opened else {
            throw Self.openingError(code, name, isOpen: pipe != nil || access(name, R_OK) == 0)
        }
        context = opened
        if let unknown = dictionary.keys.first(where: asked.contains) {
            throw SakugaError(
                .usage, "the input '\(name)' has no option '\(unknown)'",
                hint: "`ffmpeg -h demuxer=NAME` and `ffmpeg -h protocol=NAME` list options")
        }
        let found = avformat_find_stream_info(opened, nil)
        guard found >= 0 else {
            if stop.isRaised { throw SakugaError(.interrupted, "stopped while opening '\(name)'") }
            throw SakugaError(
                ffmpeg: found, .data, "cannot read the streams of '\(name)'", call: "avformat_find_stream_info")
        }
    }

    deinit { close() }

    /// Gives the file, device or address back before its time: nothing may be read afterwards.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        var closing: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&closing)
    }

    /// Whether a format names devices rather than files: `v4l2`, `x11grab`, `lavfi`.
    static func findsInputsItself(_ format: String) -> Bool {
        FFmpegLog.install()
        guard let kind = av_find_input_format(format)?.pointee.priv_class?.pointee.category else {
            return false
        }
        return [
            AV_CLASS_CATEGORY_DEVICE_VIDEO_INPUT, AV_CLASS_CATEGORY_DEVICE_AUDIO_INPUT, AV_CLASS_CATEGORY_DEVICE_INPUT,
        ]
        .contains(kind)
    }

    /// `isOpen`: the bytes can be read, so that it is the demuxer that failed.
    private static func openingError(_ code: Int32, _ name: String, isOpen: Bool) -> SakugaError {
        let call = "avformat_open_input"
        switch code {
        case SHIM_ERROR_EXIT:
            return SakugaError(.interrupted, "stopped while opening '\(name)'")
        case shim_error(ENOENT):
            return SakugaError(.noInput, "cannot open '\(name)': no such file (\(call))", hint: "check the path")
        case shim_error(EACCES):
            return SakugaError(
                .noInput, "cannot open '\(name)': permission denied (\(call))", hint: "make the file readable for you")
        case SHIM_ERROR_INVALID_DATA, SHIM_ERROR_EOF,
            // Whatever demuxers call it: a cut-off header an input/output error, a nonsense length a lack of memory, a
            // nonsense codec one that nobody has written yet.
            _ where isOpen:
            let error = SakugaError(
                ffmpeg: code, .data, "cannot read '\(name)' as video or picture", call: call,
                hint: "the file may be damaged, still being written, or no media file")
            // FFmpeg's words list all formats that may be opened.
            guard error.message.contains("Format not on whitelist") else { return error }
            return SakugaError(
                .data, "'\(name)' is no film and no picture of a kind that is drawn here",
                hint: "make it an MP4 or MKV file, a PNG or a JPEG")
        default:
            return SakugaError(ffmpeg: code, .noInput, "cannot open '\(name)'", call: call)
        }
    }

    var streams: UnsafeMutableBufferPointer<UnsafeMutablePointer<AVStream>?> {
        UnsafeMutableBufferPointer(start: context.pointee.streams, count: Int(context.pointee.nb_streams))
    }

    func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> { streams[index]! }

    /// Reads the next packet; false at the end. The error of a damaged file is returned, not thrown: what was read
    /// before it is worth drawing. Impossible timestamps count as missing. Uses av_read_frame.
    func read(into packet: Packet) -> (more: Bool, error: Int32?) {
        packet.unreference()
        var code = av_read_frame(context, packet.pointer)
        while code == SHIM_ERROR_AGAIN, !stop.isRaised {
            av_usleep(5_000)
            code = av_read_frame(context, packet.pointer)
        }
        if code >= 0 {
            let timeBase = stream(Int(packet.pointer.pointee.stream_index)).pointee.time_base
            PlausibleTime.enforce(on: packet.pointer, timeBase: timeBase)
            if !places.isEmpty { place(packet.pointer) }
            return (true, nil)
        }
        if stop.isRaised { return (false, nil) }
        return (false, code == SHIM_ERROR_EOF ? readFailure : code)
    }

    /// A read error that the demuxer took for the end of the file.
    private var readFailure: Int32? {
        guard let io = context.pointee.pb, io.pointee.error < 0, io.pointee.error != SHIM_ERROR_EOF else { return nil }
        return io.pointee.error
    }

    /// Shows the pictures of a numbered sequence where their numbers say instead of one after the other: `places` has
    /// a tick for each. The demuxer then only runs forwards.
    func spread(over places: [Int64]) {
        guard let last = places.last, !streams.isEmpty else { return }
        self.places = places
        let stream = stream(0)
        stream.pointee.nb_frames = Int64(places.count)
        stream.pointee.duration = last + 1
        context.pointee.duration = av_rescale_q(last + 1, stream.pointee.time_base, shimMicroseconds)
    }

    private func place(_ packet: UnsafeMutablePointer<AVPacket>) {
        guard let index = Int(exactly: packet.pointee.pts), places.indices.contains(index) else { return }
        let next = index + 1 < places.count ? places[index + 1] : places[index] + 1
        packet.pointee.pts = places[index]
        packet.pointee.dts = places[index]
        packet.pointee.duration = next - places[index]
    }

    /// Whether `seek` can work: pipes and some streams only run forwards.
    var canSeek: Bool {
        guard places.isEmpty else { return false }
        return context.pointee.pb.map { $0.pointee.seekable & AVIO_SEEKABLE_NORMAL != 0 } ?? true
    }

    /// Goes to the last key frame at or before `microseconds` on the container's timeline; false where it cannot.
    func seek(toMicroseconds target: Int64) -> Bool {
        canSeek && avformat_seek_file(context, -1, Int64.min, target, target, 0) >= 0
    }

    /// Where the container's timeline begins, in microseconds.
    var startMicroseconds: Int64 {
        PlausibleTime.holds(microseconds: context.pointee.start_time) ? context.pointee.start_time : 0
    }
}
