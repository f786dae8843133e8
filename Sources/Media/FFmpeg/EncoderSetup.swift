internal import CFFmpeg
internal import Foundation
internal import Frames

/// Which encoder, pixel format and settings an output gets: what the user asks, completed by what serves a drawn video.
struct EncoderSetup {
    let codec: UnsafePointer<AVCodec>
    let name: String
    let format: AVPixelFormat
    /// FFmpeg options, of the encoder or of every encoder.
    let settings: [String: String]

    /// - Parameters:
    ///   - keepsAlpha: the pictures carry transparency that should not get lost.
    ///   - isPictureFile: the output is one picture or numbered ones.
    /// - Throws: `.usage` for an unknown encoder, option or pixel format.
    init(
        _ options: EncoderOptions, defaultName: String, keepsAlpha: Bool, isPictureFile: Bool
    ) throws(SakugaError) {
        name = options.name ?? defaultName
        guard let codec = avcodec_find_encoder_by_name(name) else {
            throw options.name == nil
                ? SakugaError(
                    .unavailable, "this FFmpeg has no encoder '\(name)'", hint: "choose another with --encoder")
                : SakugaError(
                    .usage, "this FFmpeg has no encoder '\(name)'",
                    hint: "`ffmpeg -encoders` lists those there are; libx264, libx265 and libvpx-vp9 are usual")
        }
        guard codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
            throw SakugaError(.usage, "'\(name)' is no video encoder", hint: "try libx264")
        }
        self.codec = codec
        let wanted = options.pixelFormat ?? options.options["pix_fmt"]
        format = try Self.format(
            wanted, codec: codec, name: name, keepsAlpha: keepsAlpha, isPictureFile: isPictureFile)
        settings = try Self.settings(options, codec: codec, name: name)
    }

    // MARK: Pixel format

    private static func format(
        _ wanted: String?, codec: UnsafePointer<AVCodec>, name: String, keepsAlpha: Bool, isPictureFile: Bool
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
        let preferred = preferredFormats(name, keepsAlpha: keepsAlpha, isPictureFile: isPictureFile)
        if let format = preferred.first(where: offered.contains) { return format }
        guard !offered.isEmpty else { return AV_PIX_FMT_YUV420P }
        return avcodec_find_best_pix_fmt_of_list(codec.pointee.pix_fmts, AV_PIX_FMT_RGB24, 0, nil)
    }

    /// What players everywhere can show comes first; for lossless encoders, what the drawn pictures are.
    private static func preferredFormats(_ name: String, keepsAlpha: Bool, isPictureFile: Bool) -> [AVPixelFormat] {
        switch name {
        case "libwebp", "libwebp_anim": return [AV_PIX_FMT_BGRA]
        case "mjpeg": return isPictureFile ? [AV_PIX_FMT_YUVJ444P] : [AV_PIX_FMT_YUVJ420P]
        case "bmp": return [AV_PIX_FMT_BGR24]
        case "gif": return [AV_PIX_FMT_PAL8]
        default: break
        }
        var formats: [AVPixelFormat] = []
        if keepsAlpha {
            formats += [
                AV_PIX_FMT_RGBA, AV_PIX_FMT_BGRA, AV_PIX_FMT_ARGB, AV_PIX_FMT_YUVA444P10LE, AV_PIX_FMT_YUVA420P,
            ]
        }
        let isLossless = ["png", "apng", "ffv1", "tiff", "qtrle", "utvideo", "targa"].contains(name)
        formats +=
            isLossless
            ? [AV_PIX_FMT_RGB24, AV_PIX_FMT_BGR24, AV_PIX_FMT_GBRP, AV_PIX_FMT_BGR0]
            : [AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_NV12, AV_PIX_FMT_YUV422P10LE]
        return formats
    }

    // MARK: Settings

    private static func settings(
        _ options: EncoderOptions, codec: UnsafePointer<AVCodec>, name: String
    ) throws(SakugaError) -> [String: String] {
        var settings = options.options
        settings["pix_fmt"] = nil
        func has(_ option: String) -> Bool {
            guard var options = codec.pointee.priv_class else { return false }
            return withUnsafeMutablePointer(to: &options) {
                av_opt_find($0, option, nil, 0, AV_OPT_SEARCH_FAKE_OBJ) != nil
            }
        }
        let asksQuality = ["b", "q", "qscale", "qp", "crf", "global_quality", "lossless"].contains {
            settings[$0] != nil
        }
        if let crf = options.crf {
            guard has("crf") else {
                throw SakugaError(
                    .usage, "the encoder \(name) knows no --crf", hint: "set its quality with --encoder-option q=3")
            }
            settings["crf"] = "\(crf)"
        } else if has("crf"), !asksQuality {
            settings["crf"] = ["libx264": "19", "libx265": "21", "libsvtav1": "30"][name] ?? "30"
        } else if !asksQuality, let scale = usualScale[name] {
            settings["q"] = "\(scale)"
        }
        if settings["crf"] != nil, name.hasPrefix("libvpx"), settings["b"] == nil { settings["b"] = "0" }
        if let preset = options.preset {
            guard has("preset") else {
                throw SakugaError(
                    .usage, "the encoder \(name) knows no --encoder-preset",
                    hint: "set its speed with --encoder-option; `ffmpeg -h encoder=\(name)` lists its options")
            }
            settings["preset"] = preset
        } else if settings["preset"] == nil {
            // Drawn pictures are flat: at the same crf the slower presets gain little here and cost much.
            settings["preset"] = ["libsvtav1": "8", "libx264": "veryfast", "libx265": "veryfast"][name]
        }
        if ["libx264", "libx265"].contains(name), let preset = settings["preset"], !x264Presets.contains(preset) {
            throw SakugaError(
                .usage, "the encoder \(name) has no preset '\(preset)'",
                hint: "it has \(x264Presets.joined(separator: ", "))")
        }
        if name == "libvpx-vp9", settings["cpu-used"] == nil { (settings["cpu-used"], settings["row-mt"]) = ("4", "1") }
        if name == "libwebp", settings["quality"] == nil { settings["quality"] = "90" }
        if let scale = settings.removeValue(forKey: "q") ?? settings.removeValue(forKey: "qscale") {
            try setScale(scale, in: &settings, name: name)
        }
        steady(name, &settings)
        return settings
    }

    /// From x264.h and x265.h; both complain about others on standard error by themselves.
    private static let x264Presets = [
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo",
    ]

    /// The quantizer scale of encoders that would otherwise aim at 200 kbit/s.
    private static let usualScale: [String: Double] = [
        "mjpeg": 2, "mpeg4": 3, "mpeg2video": 3, "mpeg1video": 3, "msmpeg4": 3, "msmpeg4v2": 3, "h263": 3, "flv": 3,
        "wmv1": 3, "wmv2": 3, "libxvid": 3, "libtheora": 8,
    ]

    /// FFmpeg's command line knows `q`; the library knows it as a flag and a number in 1/118.
    private static func setScale(
        _ scale: String, in settings: inout [String: String], name: String
    ) throws(SakugaError) {
        guard let number = Double(scale), number >= 0, number <= 1000 else {
            throw SakugaError(.usage, "the quality '\(scale)' for \(name) is no number")
        }
        settings["flags"] = (settings["flags"] ?? "") + "+qscale"
        settings["global_quality"] = "\(Int((number * Double(FF_QP2LAMBDA)).rounded()))"
    }

    /// What makes the encoder give the same for the same pictures, and keeps it quiet.
    private static func steady(_ name: String, _ settings: inout [String: String]) {
        switch name {
        case "libx264" where av_get_cpu_flags() & AV_CPU_FLAG_AVX512 != 0:
            // x264's AVX-512 code for the macroblock tree reads memory that nobody wrote. Leaving it out costs 3 % of
            // the encoder's time.
            add(["asm=avx2"], to: "x264-params", of: &settings)
        case "libx265":
            // It writes to standard error by itself (so does SVT-AV1, which `FFmpegLog` keeps quiet), and the number of
            // frames at a time follows the machine.
            add(["log-level=error", "frame-threads=2"], to: "x265-params", of: &settings)
        default: break
        }
    }

    /// Adds parameters, but for those that the user has set.
    private static func add(_ parameters: [String], to name: String, of settings: inout [String: String]) {
        let asked = settings[name] ?? ""
        let added = parameters.filter { !asked.contains($0.prefix { $0 != "=" }) }
        settings[name] = ([asked].filter { !$0.isEmpty } + added).joined(separator: ":")
    }
}
