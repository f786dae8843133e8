/// What the user says about an output beside its name.
package struct OutputOptions: Sendable, Codable {
    package enum AudioChoice: String, Sendable, Codable {
        /// Copied where the container can hold it, else AAC (Opus in WebM).
        case automatic
        /// Encoded anew: AAC, or Opus in WebM.
        case usual
        case none
        case copy
        case aac
        case opus
    }

    package var encoder = EncoderOptions()
    package var audio = AudioChoice.automatic
    /// FFmpeg stream specifiers of the streams to carry over beside the drawn one; empty: all. `-s` leaves subtitles out.
    package var maps: [String] = []
    /// FFmpeg's name of the muxer; nil: after the file's extension.
    package var container: String?

    package init() {}
}
