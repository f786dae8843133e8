/// What a worker makes of its input.
package enum WorkProduct: Codable, Sendable, Equatable {
    /// All of it, drawn.
    case drawing
    /// The frame that is shown at `time`, in seconds from the start, as `frame.jpg`: as it is, or drawn.
    case frame(time: Double, isDrawn: Bool)
    /// A small picture, `thumbnail.jpg`, and what is to be known of the file, `facts.json`.
    case thumbnail
    /// A small film that every browser plays, `proxy.mp4`.
    case proxy

    /// More is made than a picture: it takes as long as the film does.
    package var isWhole: Bool { self == .drawing || self == .proxy }

    /// The files that it is made of in the order's folder; of a drawing they are named after the input.
    var files: [String] {
        switch self {
        case .drawing: []
        case .frame: ["frame.jpg"]
        case .thumbnail: ["thumbnail.jpg", "facts.json"]
        case .proxy: ["proxy.mp4"]
        }
    }
}
