internal import Foundation
package import Frames

/// Where a live picture goes: a file, a network address, a folder of HLS segments, or a virtual camera.
package struct LiveDestination: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case file
        case network
        /// A playlist that names the last few segments beside it.
        case playlist
        case virtualCamera
    }

    /// As the user named it.
    package let name: String
    package let kind: Kind
    /// FFmpeg's name of the muxer; nil: after a file's extension.
    package let container: String?

    /// - Throws: `.usage` for an address that no muxer is known for.
    package init(_ name: String) throws(SakugaError) {
        self.name = name
        if name.hasPrefix("/dev/video") {
            (kind, container) = (.virtualCamera, "v4l2")
        } else if let scheme = name.range(of: "://").map({ name[..<$0.lowerBound].lowercased() }) {
            let containers = [
                "rtmp": "flv", "rtmps": "flv", "udp": "mpegts", "srt": "mpegts", "tcp": "mpegts", "rtp": "rtp_mpegts",
                "rtsp": "rtsp", "http": "mpegts", "https": "mpegts",
            ]
            guard let container = containers[scheme] else {
                throw SakugaError(
                    .usage, "cannot send to '\(name)': no live protocol is called '\(scheme)'",
                    hint:
                        "rtmp, srt, udp, rtp, rtsp and tcp are known; an HLS folder is named by its playlist: live/index.m3u8"
                )
            }
            (kind, self.container) = (.network, container)
        } else if name.lowercased().hasSuffix(".m3u8") {
            (kind, container) = (.playlist, "hls")
        } else {
            (kind, container) = (.file, nil)
        }
    }

    /// What is seen now matters, not what was seen before.
    var isLive: Bool { kind != .file }
}
