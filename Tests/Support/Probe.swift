package import Foundation

/// Everything that ffprobe says about a file, read with one call.
package struct Probe: Decodable {
    package struct Stream: Decodable {
        package var index: Int
        package var codec_name: String?
        package var codec_type: String
        package var codec_tag_string: String?
        package var width: Int?
        package var height: Int?
        package var pix_fmt: String?
        package var sample_aspect_ratio: String?
        package var color_range: String?
        package var color_space: String?
        package var color_transfer: String?
        package var color_primaries: String?
        package var chroma_location: String?
        package var time_base: String
        package var start_time: String?
        package var duration: String?
        package var sample_rate: String?
        package var channels: Int?
        package var channel_layout: String?
        package var disposition: [String: Int]?
        package var tags: [String: String]?
        package var side_data_list: [SideData]?

        /// The names of the dispositions that are set.
        package var flags: [String] { (disposition ?? [:]).filter { $0.value == 1 }.keys.sorted() }
    }

    package struct SideData: Decodable {
        package var side_data_type: String?
        package var rotation: Int?
    }

    package struct Packet: Decodable {
        package var stream_index: Int
        package var pts_time: String?
        package var dts_time: String?
        package var duration_time: String?
        package var size: String
    }

    package struct Chapter: Decodable {
        package var start_time: String
        package var end_time: String
        package var tags: [String: String]?
    }

    package struct Format: Decodable {
        package var format_name: String
        package var start_time: String?
        package var duration: String?
        package var tags: [String: String]?
    }

    package var streams: [Stream]
    package var packets: [Packet]?
    package var chapters: [Chapter]?
    package var format: Format

    /// Reads `file`.
    package init(_ file: URL, _ more: String...) throws {
        let text = try MediaTool.run(
            "ffprobe",
            ["-v", "error", "-show_streams", "-show_packets", "-show_format", "-show_chapters", "-of", "json"] + more
                + ["file:" + file.path])
        self = try JSONDecoder().decode(Probe.self, from: Data(text.utf8))
    }

    package func streams(_ kind: String) -> [Stream] { streams.filter { $0.codec_type == kind } }
    package var video: Stream { streams("video")[0] }

    /// Presentation times of a stream's packets in seconds, sorted.
    ///
    /// - Parameter decoding: decoding times count where the container has no others.
    package func times(of stream: Int, decoding: Bool = false) -> [Double] {
        packets(of: stream).compactMap { ($0.pts_time ?? (decoding ? $0.dts_time : nil)).flatMap(Double.init) }.sorted()
    }

    package func packets(of stream: Int) -> [Packet] { (packets ?? []).filter { $0.stream_index == stream } }
}
