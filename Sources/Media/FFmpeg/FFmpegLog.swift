internal import CFFmpeg
internal import Foundation
internal import Synchronization

/// FFmpeg's log, which is one for the whole process: kept quiet, its last error lines remembered for the next error
/// message ("invalid data" alone helps nobody; "moov atom not found" does).
package enum FFmpegLog {
    /// Reading and writing run side by side, and what a decoder says of a damaged packet explains no full disk.
    enum Side: Int {
        /// Demuxers, decoders, and what cannot be told apart: filters, protocols.
        case input
        /// Muxers, encoders, and the bitstream filters that muxers use.
        case output
    }

    private static let lastErrors = Mutex<[Side: String]>([:])
    private static let verbose = Mutex<(@Sendable (String) -> Void)?>(nil)

    private static let installation: Void = {
        avdevice_register_all()
        av_log_set_callback { context, level, format, arguments in
            guard level <= AV_LOG_WARNING, let format, let arguments else { return }
            var line = [CChar](repeating: 0, count: 1024)
            var prefix: Int32 = 1
            av_log_format_line2(context, level, format, arguments, &line, Int32(line.count), &prefix)
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            FFmpegLog.record(text, isError: level <= AV_LOG_ERROR, side: side(of: context))
        }
    }()

    /// Routes FFmpeg's messages here from now on; `listener`, where given, hears warnings and errors too.
    package static func install(listener: (@Sendable (String) -> Void)? = nil) {
        _ = installation
        if let listener { verbose.withLock { $0 = listener } }
    }

    /// Keeps SVT-AV1 quiet, which writes to standard error by itself and asks the environment whether to. For the start
    /// of a program: the environment must not change while another thread may read it.
    package static func quietEncoders() { setenv("SVT_LOG", "1", 0) }

    /// Returns the last error line of a side since the last call, without the `[mov @ 0x…]` prefix.
    static func takeLastError(of side: Side) -> String? { lastErrors.withLock { $0.removeValue(forKey: side) } }

    /// Forgets what was logged, so that a later failure does not quote an older one.
    static func forget(_ side: Side) { lastErrors.withLock { $0[side] = nil } }

    /// Whoever logs gives an object that begins with a pointer to its AVClass.
    private static func side(of context: UnsafeMutableRawPointer?) -> Side {
        guard let context, let kind = context.load(as: UnsafePointer<AVClass>?.self) else { return .input }
        if kind == avcodec_get_class() {
            // A demuxer's parsers have such a context without a codec, which calls itself an encoder.
            let codec = context.assumingMemoryBound(to: AVCodecContext.self).pointee.codec
            return av_codec_is_encoder(codec) != 0 ? .output : .input
        }
        let category = kind.pointee.get_category?(context) ?? kind.pointee.category
        switch category {
        case AV_CLASS_CATEGORY_MUXER, AV_CLASS_CATEGORY_BITSTREAM_FILTER: return .output
        default: return .input
        }
    }

    private static func record(_ text: String, isError: Bool, side: Side) {
        var line = Substring(text)
        while line.last?.isNewline == true || line.last == "." { line.removeLast() }
        if let listener = verbose.withLock({ $0 }) { listener(String(line)) }
        guard isError else { return }
        while line.first == "[", let end = line.firstIndex(of: "]") {
            line = line[line.index(after: end)...].drop { $0 == " " }
        }
        if !line.isEmpty { lastErrors.withLock { $0[side] = String(line) } }
    }
}
