/// What the user says about an input beside its name.
package struct InputOptions: Sendable, Codable {
    /// Seconds on the input's own timeline, counted from its start.
    package var start: Double?
    /// Seconds, exclusive.
    package var end: Double?
    /// At most this many frames.
    package var frameLimit: Int?
    /// Interlaced pictures are made progressive.
    package var deinterlaces = true
    /// Turned and mirrored pictures are brought upright; otherwise they stay as they are stored.
    package var turnsUpright = true
    /// Frames per second of a numbered sequence of pictures; 25 where nothing is said.
    package var sequenceRate: Double?
    /// FFmpeg's name of the demuxer where it cannot be found out.
    package var format: String?
    /// Options of the demuxer, as FFmpeg names them: a camera's `video_size`, `framerate`, `pixel_format`.
    package var demuxerOptions: [String: String] = [:]
    /// Pictures are wanted the moment they arrive: little is read ahead, and the decoder holds none back.
    package var isLive = false
    /// Protocols that may be opened, comma separated; nil: all. Set for files of strangers.
    package var protocolWhitelist: String?
    /// FFmpeg's names of the formats that may be read, comma separated; nil: all. Set for files of strangers.
    package var formatWhitelist: String?

    /// Where drawing goes on that was begun before; nil: at the beginning.
    package struct Resumption: Sendable, Codable {
        /// The picture with which to go on, counted over all that is drawn.
        package var number: Int
        /// When it is shown, in ticks of the output's timeline.
        package var ticks: Int64
        /// What was subtracted from the input's times before, in microseconds.
        package var zero: Int64

        package init(number: Int, ticks: Int64, zero: Int64) {
            (self.number, self.ticks, self.zero) = (number, ticks, zero)
        }
    }

    package var resumption: Resumption?

    /// Ends blocked reads, also while the input is being opened; nil: `MediaReader.stop` is enough.
    package var stop: StopSignal?

    enum CodingKeys: CodingKey {
        case start, end, frameLimit, deinterlaces, turnsUpright, sequenceRate, format, demuxerOptions, isLive
        case protocolWhitelist, formatWhitelist, resumption
    }

    package init() {}

    package var trims: Bool { start != nil || end != nil || frameLimit != nil }
}
