internal import CFFmpeg
internal import Foundation
internal import Frames
internal import Synchronization

/// An output container. Owns its AVFormatContext. `write` is callable from several threads; the rest from one.
final class Muxer: @unchecked Sendable {
    // @unchecked Sendable: after `begin`, the context is only touched under `lock`.

    let context: UnsafeMutablePointer<AVFormatContext>
    private let lock = Mutex(())
    private let name: String
    private var isOpen = false
    private var hasHeader = false
    /// Some streams are copied, and may hold packets that are damaged beyond what the container takes.
    var holdsCopies = false
    /// Packets that were left out for that.
    private(set) var lostPackets = 0
    /// The decoding time of each stream's last packet, in its own ticks.
    private var lastDecodingTimes: [Int: Int64] = [:]

    /// - Parameters:
    ///   - url: where to write: `file:…`, `pipe:1`, or a pattern for numbered pictures.
    ///   - name: the destination as the user knows it, for messages.
    init(url: String, name: String, container: String) throws(SakugaError) {
        self.name = name
        FFmpegLog.forget(.output)
        var made: UnsafeMutablePointer<AVFormatContext>?
        try check(
            avformat_alloc_output_context2(&made, nil, container, url), .cannotCreate, "cannot write '\(name)'",
            call: "avformat_alloc_output_context2", side: .output)
        context = made!
        // FLAC and Opus in MP4 are standards by now.
        context.pointee.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL
    }

    deinit {
        if isOpen { avio_closep(&context.pointee.pb) }
        avformat_free_context(context)
    }

    private var writesFilesItself: Bool { context.pointee.oformat.pointee.flags & AVFMT_NOFILE != 0 }
    var wantsGlobalHeader: Bool { context.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 }

    func addStream() -> UnsafeMutablePointer<AVStream> {
        guard let stream = avformat_new_stream(context, nil) else { preconditionFailure("out of memory") }
        return stream
    }

    /// Opens the file and writes the header.
    func begin(options: [String: String]) throws(SakugaError) {
        if !writesFilesItself {
            let code = avio_open(&context.pointee.pb, String(cString: context.pointee.url), AVIO_FLAG_WRITE)
            if code < 0 {
                throw SakugaError(
                    ffmpeg: code, .cannotCreate, "cannot create '\(name)'", call: "avio_open", side: .output)
            }
            isOpen = true
        }
        nameLanguagesAsQuickTime()
        var dictionary = FFmpegDictionary(options)
        let code = avformat_write_header(context, &dictionary.pointer)
        guard code >= 0 else {
            throw SakugaError(
                ffmpeg: code, .cannotCreate, "cannot begin '\(name)'", call: "avformat_write_header",
                side: .output,
                hint: "an .mkv output can hold nearly everything")
        }
        hasHeader = true
    }

    /// Writes a packet whose times are in `timeBase` to stream `index`; takes its reference.
    func write(_ packet: Packet, to index: Int, timeBase: AVRational) throws {
        try lock.withLock { _ in
            let stream = context.pointee.streams[index]!
            av_packet_rescale_ts(packet.pointer, timeBase, stream.pointee.time_base)
            packet.pointer.pointee.stream_index = Int32(index)
            packet.pointer.pointee.pos = -1
            straighten(packet.pointer, stream: index)
            try pass(av_interleaved_write_frame(context, packet.pointer))
        }
    }

    /// Lets a damaged packet of a copied stream go that the container cannot take. The muxer writes packets later than it
    /// gets them, so the one that fails need not be the one just given; ours, with times made straight, do not.
    private func pass(_ code: Int32) throws {
        guard code < 0 else { return }
        guard holdsCopies, !Self.isWritingFailure(code) else { throw writingError(code, "av_interleaved_write_frame") }
        FFmpegLog.forget(.output)
        lostPackets += 1
    }

    /// Containers refuse packets without a time or whose decoding times do not rise, as damaged files and ticks too
    /// coarse for a frame rate have them: such a packet comes one tick after the one before.
    private func straighten(_ packet: UnsafeMutablePointer<AVPacket>, stream: Int) {
        let next = lastDecodingTimes[stream].map { $0 &+ 1 }
        if packet.pointee.dts == SHIM_NO_TIMESTAMP {
            packet.pointee.dts = packet.pointee.pts == SHIM_NO_TIMESTAMP ? next ?? 0 : packet.pointee.pts
        }
        if let next, packet.pointee.dts < next { packet.pointee.dts = next }
        if packet.pointee.pts == SHIM_NO_TIMESTAMP || packet.pointee.pts < packet.pointee.dts {
            packet.pointee.pts = packet.pointee.dts
        }
        lastDecodingTimes[stream] = packet.pointee.dts
    }

    /// Writes the trailer and closes the file. A full disk often shows only here.
    func finish() throws {
        try lock.withLock { _ in
            guard hasHeader else { return }
            hasHeader = false
            // Each call ends at a packet that fails, and leaves the rest for the next.
            var code = av_interleaved_write_frame(context, nil)
            while code < 0 {
                try pass(code)
                code = av_interleaved_write_frame(context, nil)
            }
            let trailer = av_write_trailer(context)
            if trailer < 0 { throw writingError(trailer, "av_write_trailer") }
            if let io = context.pointee.pb, io.pointee.error < 0 { throw writingError(io.pointee.error, "avio_write") }
            if isOpen {
                isOpen = false
                let closed = avio_closep(&context.pointee.pb)
                if closed < 0 { throw writingError(closed, "avio_close") }
            }
        }
    }

    private func writingError(_ code: Int32, _ call: String) -> SakugaError {
        SakugaError(
            ffmpeg: code, Self.isWritingFailure(code) ? .inputOutput : .software, "cannot write '\(name)'", call: call,
            side: .output)
    }

    /// What the operating system says where a file cannot be written, unlike what FFmpeg finds wrong with a packet.
    private static func isWritingFailure(_ code: Int32) -> Bool {
        [ENOSPC, EIO, EDQUOT, EPIPE, EROFS, EFBIG, EBADF, ENOMEM].map { shim_error($0) }.contains(code)
    }
}
