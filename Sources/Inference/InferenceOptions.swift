package import Foundation

/// Where and how a network runs.
package struct InferenceOptions: Sendable, Codable {
    /// In which format the network calculates.
    package enum Precision: String, Sendable, CaseIterable, Codable {
        /// The fastest that the device calculates natively: bf16 on a CPU with such instructions, f16 on a GPU or NPU,
        /// else f32.
        case auto
        case f32, f16, bf16
    }

    /// OpenVINO's name of the device: `AUTO`, `CPU`, `GPU`, `NPU`, also `GPU.1`.
    package var device: String
    package var precision: Precision
    /// Frames drawn side by side; nil chooses by the number of cores.
    package var streams: Int?
    /// Processor cores that the network takes; nil: all that the process may use.
    package var threads: Int?
    /// Where compiled networks are kept for the next start; nil keeps none.
    package var cacheFolder: URL?
    /// Bytes that intermediate results may take, those of two streams together. A preset's generator cuts pictures into
    /// tiles to stay below; one from elsewhere draws on fewer streams first, and in tiles where one is too many.
    package var memoryLimit: Int

    package init(
        device: String = "AUTO", precision: Precision = .auto, streams: Int? = nil, cacheFolder: URL? = nil,
        memoryLimit: Int = 1 << 30
    ) {
        self.device = device
        self.precision = precision
        self.streams = streams
        self.cacheFolder = cacheFolder
        self.memoryLimit = memoryLimit
    }

    /// The user's cache folder: `$XDG_CACHE_HOME/sakuga/networks`, or `~/.cache/sakuga/networks`.
    package static func userCacheFolder(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> URL {
        let home = environment["HOME"] ?? NSHomeDirectory()
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.cache"
        return URL(fileURLWithPath: cache, isDirectory: true).appendingPathComponent(
            "sakuga/networks", isDirectory: true)
    }
}
