internal import CFFmpeg
internal import Foundation
internal import Frames

/// An open video encoder. Owns its AVCodecContext. Used by one thread at a time.
///
/// The encoder counts frames: presentation timestamps go in as frame numbers, and the packets' numbers are mapped back to
/// the true timestamps. So variable frame rates pass through every encoder untouched, also through those that want a
/// constant rate or a coarse time base.
final class VideoEncoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    let name: String
    /// The time base of the packets that come out.
    let timeBase: AVRational
    private var shown: [Int64: (ticks: Int64, duration: Int64)] = [:]
    private var firstTicks: Int64?
    private let nominalDuration: Int64

    /// What the encoder is set up for.
    struct Target {
        var width: Int
        var height: Int
        var aspect: AVRational
        var color: ColorDescription
        var timeBase: AVRational
        var frameRate: AVRational
        var globalHeader: Bool
        var container: String
    }

    /// - Throws: `.usage` for an unknown encoder, option or pixel format; `.unavailable` when the encoder cannot start.
    init(_ options: EncoderOptions, defaultName: String, target: Target) throws(SakugaError) {
        name = options.name ?? defaultName
        guard let codec = avcodec_find_encoder_by_name(name) else {
            throw SakugaError(
                .usage, "this FFmpeg has no encoder '\(name)'",
                hint: "`ffmpeg -encoders` lists those there are; libx264, libx265 and libvpx-vp9 are usual")
        }
        guard codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
            throw SakugaError(.usage, "'\(name)' is no video encoder", hint: "try libx264")
        }
        guard let context = avcodec_alloc_context3(codec) else { preconditionFailure("out of memory") }
        self.context = context
        timeBase = target.timeBase
        nominalDuration = max(
            1, av_rescale_q(1, AVRational(num: target.frameRate.den, den: target.frameRate.num), target.timeBase))
        context.pointee.width = Int32(target.width)
        context.pointee.height = Int32(target.height)
        context.pointee.sample_aspect_ratio = target.aspect
        context.pointee.time_base = AVRational(num: target.frameRate.den, den: target.frameRate.num)
        context.pointee.framerate = target.frameRate
        context.pointee.thread_count = 0
        if target.globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        let format = try Self.pixelFormat(options.pixelFormat, codec: codec, name: name)
        context.pointee.pix_fmt = format
        context.pointee.color_primaries = target.color.primaries
        context.pointee.color_trc = target.color.transfer
        context.pointee.colorspace = target.color.matrix
        context.pointee.color_range = target.color.range
        context.pointee.chroma_sample_location = target.color.chromaLocation
        let settings = try Self.settings(options, codec: codec, name: name)
        var dictionary = FFmpegDictionary(settings)
        let code = avcodec_open2(context, codec, &dictionary.pointer)
        guard code >= 0 else {
            throw SakugaError(
                ffmpeg: code, .usage, "cannot start the encoder \(name) for \(target.width)×\(target.height) pictures",
                call: "avcodec_open2", hint: Self.startHint(name, target))
        }
        if let unknown = dictionary.keys.first {
            throw SakugaError(
                .usage, "the encoder \(name) has no option '\(unknown)'",
                hint: "`ffmpeg -h encoder=\(name)` lists its options")
        }
    }

    deinit {
        var closing: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&closing)
    }

    private static func startHint(_ name: String, _ target: Target) -> String? {
        target.width % 2 == 1 || target.height % 2 == 1
            ? "some encoders want even sides: try --size, or --encoder-option pix_fmt=yuv444p" : nil
    }

    private static func pixelFormat(
        _ wanted: String?, codec: UnsafePointer<AVCodec>, name: String
    ) throws(SakugaError) -> AVPixelFormat {
        var offered: [AVPixelFormat] = []
        if var next = codec.pointee.pix_fmts {
            while next.pointee != AV_PIX_FMT_NONE {
                offered.append(next.pointee)
                next += 1
            }
        }
        if let wanted {
            let format = av_get_pix_fmt(wanted)
            guard format != AV_PIX_FMT_NONE, offered.isEmpty || offered.contains(format) else {
                let names = offered.compactMap { av_get_pix_fmt_name($0).map { String(cString: $0) } }
                throw SakugaError(
                    .usage, "the encoder \(name) has no pixel format '\(wanted)'",
                    hint: "it takes \(names.joined(separator: ", "))")
            }
            return format
        }
        // What players everywhere can show comes first; then the nearest to 8-bit RGB.
        let preferred: [AVPixelFormat] =
            name.contains("png") || name == "ffv1" || name == "gif" || name == "tiff" || name == "bmp"
            ? [AV_PIX_FMT_RGB24, AV_PIX_FMT_BGR24, AV_PIX_FMT_PAL8, AV_PIX_FMT_BGR0]
            : [AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_NV12]
        if let format = preferred.first(where: offered.contains) { return format }
        guard !offered.isEmpty else { return AV_PIX_FMT_YUV420P }
        return avcodec_find_best_pix_fmt_of_list(codec.pointee.pix_fmts, AV_PIX_FMT_RGB24, 0, nil)
    }

    /// From x264.h and x265.h; both complain about others on standard error by themselves.
    private static let x264Presets = [
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
    ]

    private static func settings(
        _ options: EncoderOptions, codec: UnsafePointer<AVCodec>, name: String
    ) throws(SakugaError) -> [String: String] {
        var settings = options.options
        func has(_ option: String) -> Bool {
            guard var options = codec.pointee.priv_class else { return false }
            return withUnsafeMutablePointer(to: &options) {
                av_opt_find($0, option, nil, 0, AV_OPT_SEARCH_FAKE_OBJ) != nil
            }
        }
        if let crf = options.crf {
            guard has("crf") else {
                throw SakugaError(
                    .usage, "the encoder \(name) knows no --crf", hint: "set its quality with --encoder-option")
            }
            settings["crf"] = "\(crf)"
        } else if has("crf"), settings["b"] == nil, settings["qp"] == nil, settings["crf"] == nil {
            settings["crf"] = ["libx264": "19", "libx265": "21", "libsvtav1": "30"][name] ?? "30"
            if name.hasPrefix("libvpx") { settings["b"] = "0" }
        }
        if let preset = options.preset {
            guard has("preset") else {
                throw SakugaError(
                    .usage, "the encoder \(name) knows no --encoder-preset",
                    hint: "set its speed with --encoder-option; `ffmpeg -h encoder=\(name)` lists its options")
            }
            if ["libx264", "libx265"].contains(name), !Self.x264Presets.contains(preset) {
                throw SakugaError(
                    .usage, "the encoder \(name) has no preset '\(preset)'",
                    hint: "it has \(Self.x264Presets.joined(separator: ", "))")
            }
            settings["preset"] = preset
        } else if name == "libsvtav1" {
            settings["preset"] = "8"
        } else if name == "libx264" || name == "libx265" {
            // Drawn pictures are flat: at the same crf the slower presets gain little here and cost much.
            settings["preset"] = settings["preset"] ?? "veryfast"
        }
        if name == "libvpx-vp9", settings["cpu-used"] == nil { settings["cpu-used"] = "4"; settings["row-mt"] = "1" }
        if name == "mjpeg", settings["q"] == nil { settings["flags"] = "+qscale"; settings["global_quality"] = "236" }
        return settings
    }

    // MARK: Encoding

    /// Gives the encoder a picture (nil drains it) and calls `emit` with every packet that comes out, in its true time.
    func encode(_ picture: Picture?, into packet: Packet, emit: (Packet) throws -> Void) throws {
        if let picture {
            let number = Int64(picture.number)
            shown[number] = (picture.timestamp.ticks, picture.duration)
            if firstTicks == nil { firstTicks = picture.timestamp.ticks }
            picture.pointer.pointee.pts = number
            picture.pointer.pointee.pict_type = AV_PICTURE_TYPE_NONE
        }
        let code = avcodec_send_frame(context, picture?.pointer)
        if code != SHIM_ERROR_EOF {
            try check(code, .software, "cannot encode picture \(picture?.number ?? -1) with \(name)",
                call: "avcodec_send_frame")
        }
        while true {
            packet.unreference()
            let code = avcodec_receive_packet(context, packet.pointer)
            if code == SHIM_ERROR_AGAIN || code == SHIM_ERROR_EOF { return }
            try check(code, .software, "cannot encode with \(name)", call: "avcodec_receive_packet")
            restoreTime(of: packet.pointer)
            try emit(packet)
        }
    }

    private func restoreTime(of packet: UnsafeMutablePointer<AVPacket>) {
        let number = packet.pointee.pts
        let decodeNumber = packet.pointee.dts == SHIM_NO_TIMESTAMP ? number : packet.pointee.dts
        let time = shown[number] ?? (number * nominalDuration, nominalDuration)
        packet.pointee.pts = time.ticks
        packet.pointee.duration = time.duration
        // Before the first picture decoding time runs at the nominal rate.
        packet.pointee.dts = shown[decodeNumber]?.ticks ?? ((firstTicks ?? 0) + decodeNumber * nominalDuration)
        // Times are looked up once as pts and once as dts; numbers far behind the decoding one are done with.
        if shown.count > 1024 {
            let done = decodeNumber
            shown = shown.filter { $0.key >= done }
        }
    }
}
