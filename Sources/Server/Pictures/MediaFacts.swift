internal import Media

/// What a page has to know of a film or picture to show it.
struct MediaFacts: Codable, Sendable, Equatable {
    /// Seconds; nil for a picture, and where nothing says.
    var duration: Double?
    /// Pixels, upright.
    var width: Int
    var height: Int
    /// Frames per second.
    var frameRate: Double
    var isStill: Bool
    var hasSound: Bool
    /// Browsers play the file as it is.
    var isPlayable: Bool

    enum CodingKeys: String, CodingKey {
        case duration, width, height
        case frameRate = "frame_rate"
        case isStill = "is_still"
        case hasSound = "has_sound"
        case isPlayable = "is_playable"
    }

    /// - Parameter ending: of the file's name, in lower case: the type it is sent as follows from it.
    init(_ reader: MediaReader, ending: String) {
        let info = reader.info
        let stream = info.drawnStream.map { info.streams[$0] }
        isStill = info.isStill
        hasSound = info.streams.contains { $0.kind == .audio }
        duration = isStill ? nil : stream?.duration ?? info.duration
        (width, height) = (reader.picture.width, reader.picture.height)
        frameRate = stream?.video?.frameRate ?? 0
        isPlayable = Self.isPlayable(info, ending: ending)
    }

    /// What Chromium, Firefox and Safari all play; anything else is not taken for playable.
    static func isPlayable(_ info: MediaInfo, ending: String) -> Bool {
        let isMP4 = info.container.hasPrefix("mov,mp4") && ["mp4", "m4v"].contains(ending)
        let isWebM = info.container == "matroska,webm" && ending == "webm"
        guard let drawn = info.drawnStream, isMP4 || isWebM else { return false }
        let films = isMP4 ? ["h264", "av1", "vp9"] : ["vp8", "vp9", "av1"]
        let sounds = isMP4 ? ["aac", "opus", "mp3"] : ["opus"]
        let video = info.streams[drawn]
        return films.contains(video.codec) && ["yuv420p", "yuvj420p"].contains(video.video?.pixelFormat)
            && info.streams.allSatisfy { $0.kind != .audio || sounds.contains($0.codec) }
    }
}
