internal import Foundation
internal import Inference
internal import Media
package import Stylize
package import Work

/// What a worker process is told, as one line of JSON on its standard input. It works until it is done, or until that
/// input ends: then the server is gone, or wants no more.
package struct WorkOrder: Codable, Sendable {
    package var input: String
    /// Where the result goes: a folder.
    package var folder: String
    package var options: JobOptions
    /// Frames drawn side by side.
    package var streams: Int
    package var limits: Limits
    package var product = WorkProduct.drawing
    /// Where compiled networks are kept from one worker to the next.
    package var networks: String?
    /// Where a drawing is made, if not by the worker itself.
    package var cluster: Cluster?

    /// What one job may take.
    package struct Limits: Codable, Sendable {
        /// A result is one file.
        package var process = ProcessLimits()
        /// Seconds of video.
        package var duration = 4 * 3600.0
        /// Pixels of a picture.
        package var pixels = 4096 * 2304

        package init() {}
    }

    /// How a Slurm cluster is asked to draw.
    package struct Cluster: Codable, Sendable {
        /// Processor cores for each piece of work.
        package var cores: Int
        /// Further options for sbatch.
        package var options: [String]

        package init(cores: Int, options: [String]) { (self.cores, self.options) = (cores, options) }
    }

    package var request: StylizeRequest {
        var request = options.request(input: input, folder: folder)
        // A stranger's file: nothing but this file is opened for it, and no format that names others.
        request.inputOptions.protocolWhitelist = "file"
        request.inputOptions.formatWhitelist = Self.formats
        request.inference.streams = streams
        request.inference.threads = product == .drawing ? streams : nil
        request.inference.cacheFolder = networks.map { URL(fileURLWithPath: $0, isDirectory: true) }
        if product != .drawing { (request.inputOptions.start, request.inputOptions.end) = (nil, nil) }
        request.overwrites = true
        // What one attempt has drawn, the next need not.
        request.resumes = product == .drawing
        return request
    }

    /// FFmpeg's names of formats that are a film or a picture by themselves. Playlists, lists of parts, session
    /// descriptions and the like name other files and hosts, and are not among them.
    private static let formats = [
        "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "ogg", "asf", "nut",
        "mxf",
        "ivf", "h264", "hevc", "m4v", "obu", "gif", "apng", "image2", "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe",
        "tiff_pipe",
    ].joined(separator: ",")
}
