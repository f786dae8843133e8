package import Foundation

/// Everything that ffprobe says about a file, read with one call.
package struct Probe: Decodable {
    package struct Stream: Decodable {
        package var index: Int
        package var codecName: String?
        package var codecType: String
        package var codecTagString: String?
        package var width: Int?
        package var height: Int?
        package var pixFmt: String?
        package var sampleAspectRatio: String?
        package var colorRange: String?
        package var colorSpace: String?
        package var colorTransfer: String?
        package var colorPrimaries: String?
        package var chromaLocation: String?
        package var timeBase: String
        package var startTime: String?
        package var duration: String?
        package var sampleRate: String?
        package var channels: Int?
        package var channelLayout: String?
        package var disposition: [String: Int]?
        package var tags: [String: String]?
        package var sideDataList: [SideData]?

        /// The names of the dispositions that are set.
        package var flags: [String] { (disposition ?? [:]).filter { $0.value == 1 }.keys.sorted() }
    }

    package struct SideData: Decodable {
        package var sideDataType: String?
        package var rotation: Int?
    }

    package struct Packet: Decodable {
        package var streamIndex: Int
        package var ptsTime: String?
        package var dtsTime: String?
        package var durationTime: String?
        package var size: String
    }

    package struct Chapter: Decodable {
        package var startTime: String
        package var endTime: String
        package var tags: [String: String]?
    }

    package struct Format: Decodable {
        package var formatName: String
        package var startTime: String?
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
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Probe.self, from: Data(text.utf8))
    }

    package func streams(_ kind: String) -> [Stream] { streams.filter { $0.codecType == kind } }
    package var video: Stream { streams("video")[0] }

    /// Presentation times of a stream's packets in seconds, sorted.
    ///
    /// - Parameter decoding: decoding times count where the container has no others.
    package func times(of stream: Int, decoding: Bool = false) -> [Double] {
        packets(of: stream).compactMap { ($0.ptsTime ?? (decoding ? $0.dtsTime : nil)).flatMap(Double.init) }.sorted()
    }

    package func packets(of stream: Int) -> [Packet] { (packets ?? []).filter { $0.streamIndex == stream } }
}
