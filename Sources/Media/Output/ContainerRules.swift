internal import CFFmpeg

/// Which codecs a container holds so that its players can read them.
enum ContainerRules {
    /// MP4: avformat_query_codec says yes to what its muxer then refuses or few players can read.
    private static let mp4: [AVCodecID] = [
        AV_CODEC_ID_AAC, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3, AV_CODEC_ID_ALAC, AV_CODEC_ID_OPUS,
        AV_CODEC_ID_FLAC, AV_CODEC_ID_MP2, AV_CODEC_ID_DTS, AV_CODEC_ID_MOV_TEXT, AV_CODEC_ID_H264, AV_CODEC_ID_HEVC,
        AV_CODEC_ID_AV1, AV_CODEC_ID_VP9, AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO,
        AV_CODEC_ID_MJPEG, AV_CODEC_ID_PNG, AV_CODEC_ID_DVD_SUBTITLE,
    ]

    /// MPEG-TS: FFmpeg's muxer does not answer, and writes what it does not know as private data.
    private static let transportStream: [AVCodecID] = [
        AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG4,
        AV_CODEC_ID_AAC, AV_CODEC_ID_AAC_LATM, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3,
        AV_CODEC_ID_DTS, AV_CODEC_ID_TRUEHD, AV_CODEC_ID_OPUS, AV_CODEC_ID_DVB_SUBTITLE, AV_CODEC_ID_DVB_TELETEXT,
        AV_CODEC_ID_HDMV_PGS_SUBTITLE, AV_CODEC_ID_SMPTE_KLV, AV_CODEC_ID_TIMED_ID3,
    ]

    static func canHold(_ codec: AVCodecID, in format: UnsafePointer<AVOutputFormat>) -> Bool {
        switch String(cString: format.pointee.name) {
        case "mp4", "ipod": mp4.contains(codec)
        case "mpegts": transportStream.contains(codec)
        // FFmpeg writes these into MP4 only.
        case "mov" where [AV_CODEC_ID_FLAC, AV_CODEC_ID_OPUS, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1].contains(codec): false
        case "matroska" where codec == AV_CODEC_ID_MOV_TEXT || codec == AV_CODEC_ID_EIA_608: false
        default: avformat_query_codec(format, codec, FF_COMPLIANCE_NORMAL) == 1
        }
    }

    /// Whether the container holds data of such a kind: of a codec that it knows, or under a tag that it knows, as MP4 and
    /// MOV do with a camera's measurements.
    static func canHoldData(_ parameters: AVCodecParameters, in format: UnsafePointer<AVOutputFormat>) -> Bool {
        switch String(cString: format.pointee.name) {
        case "matroska", "webm": false
        case "mp4", "mov": parameters.codec_id == AV_CODEC_ID_BIN_DATA && parameters.codec_tag == SHIM_TAG_GPMD
        default:
            parameters.codec_id != AV_CODEC_ID_NONE && parameters.codec_id != AV_CODEC_ID_BIN_DATA
                && canHold(parameters.codec_id, in: format)
        }
    }
}
