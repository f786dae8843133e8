internal import CFFmpeg

/// What the FFmpeg libraries of this machine are and can do, for `sakuga doctor`.
package struct MediaReport: Codable, Sendable, Equatable {
    package struct Library: Codable, Sendable, Equatable {
        package var name: String
        package var version: String
    }

    /// One thing that Sakuga uses and FFmpeg may be built without.
    package struct Part: Codable, Sendable, Equatable {
        package enum Kind: String, Codable, Sendable { case encoder, decoder, filter }

        package var kind: Kind
        package var name: String
        package var isPresent: Bool
        /// What does not work without it.
        package var use: String
    }

    /// FFmpeg's own version.
    package var version: String
    package var libraries: [Library]
    package var parts: [Part]

    package var missing: [Part] { parts.filter { !$0.isPresent } }

    /// Asks the libraries. Uses avcodec_find_encoder_by_name, avcodec_find_decoder_by_name and avfilter_get_by_name.
    package init() {
        version = String(cString: av_version_info())
        let numbers: [(String, UInt32)] = [
            ("libavformat", avformat_version()), ("libavcodec", avcodec_version()), ("libavfilter", avfilter_version()),
            ("libavutil", avutil_version()), ("libswscale", swscale_version()), ("libswresample", swresample_version()),
        ]
        libraries = numbers.map { Library(name: $0.0, version: "\($0.1 >> 16).\($0.1 >> 8 & 255).\($0.1 & 255)") }
        parts = Self.needed.map { kind, name, use in
            let isPresent =
                switch kind {
                case .encoder: avcodec_find_encoder_by_name(name) != nil
                case .decoder: avcodec_find_decoder_by_name(name) != nil
                case .filter: avfilter_get_by_name(name) != nil
                }
            return Part(kind: kind, name: name, isPresent: isPresent, use: use)
        }
    }

    private static let needed: [(Part.Kind, String, String)] = [
        (.encoder, "libx264", "H.264, the default"), (.encoder, "libx265", "HEVC"), (.encoder, "libvpx-vp9", "WebM"),
        (.encoder, "libsvtav1", "AV1"), (.encoder, "aac", "sound in MP4"), (.encoder, "libopus", "sound in WebM"),
        (.encoder, "png", "PNG pictures"), (.encoder, "mjpeg", "JPEG pictures"), (.encoder, "libwebp", "WebP pictures"),
        (.encoder, "gif", "GIF"), (.encoder, "mov_text", "subtitles in MP4"), (.decoder, "h264", "H.264"),
        (.decoder, "hevc", "HEVC"), (.decoder, "vp9", "VP9"), (.decoder, "libdav1d", "AV1"),
        (.decoder, "png", "PNG pictures"),
        (.decoder, "mjpeg", "JPEG pictures"), (.decoder, "webp", "WebP pictures"), (.filter, "zscale", "HDR"),
        (.filter, "tonemap", "HDR"), (.filter, "bwdif", "interlaced video"), (.filter, "transpose", "turned video"),
        (.filter, "palettegen", "GIF"), (.filter, "aresample", "converted sound"),
    ]
}
