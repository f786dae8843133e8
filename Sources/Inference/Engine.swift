internal import Foundation
internal import Frames

/// A device chosen from those that are there, with the precision it will calculate in.
struct Engine: Sendable {
    let core: InferenceCore
    /// OpenVINO's name of the device, never `AUTO`.
    let device: String
    let precision: InferenceOptions.Precision
    /// Frames drawn side by side.
    private(set) var streams: Int
    private let options: InferenceOptions

    /// - Throws: `.unavailable` where the device is not there, naming those that are.
    init(_ options: InferenceOptions) throws {
        core = try InferenceCore()
        self.options = options
        device = try Self.device(options.device, among: Self.devices(of: core, asked: options.device))
        precision = try Self.precision(
            options.precision, on: device,
            capabilities: core.capabilities(of: device))
        streams = options.streams ?? Self.suitableStreams(options.threads ?? Self.cores)
        guard (1...64).contains(streams) else {
            throw SakugaError(.usage, "cannot run \(streams) streams, expected 1 to 64")
        }
        try core.set(properties, of: device)
    }

    /// Asking for all devices loads every device's driver (20 MB and a tenth of a second), so it is done only where the
    /// user names another than the CPU, or the system has a device file of a GPU or NPU.
    private static func devices(of core: InferenceCore, asked: String) throws -> [String] {
        let hasAccelerator = ["/dev/dri", "/dev/accel", "/dev/dxg"].contains(
            where: FileManager.default.fileExists(atPath:))
        let needsOthers = asked != "CPU" && (asked != "AUTO" || hasAccelerator)
        return needsOthers ? try core.devices() : ["CPU"]
    }

    /// Lowers the number of streams to `most`, for networks that need much memory each.
    mutating func limitStreams(to most: Int) throws {
        guard most < streams else { return }
        streams = max(1, most)
        try core.set(properties, of: device)
    }

    /// Bytes of a number between two layers.
    var bytesPerNumber: Int { precision == .f32 ? 4 : 2 }

    /// The precision that a network really calculates in: a device that lacks the one asked for takes another.
    func precision(of network: CompiledNetwork) -> InferenceOptions.Precision {
        network.property("INFERENCE_PRECISION_HINT").flatMap(InferenceOptions.Precision.init) ?? precision
    }

    /// A network compiled for the device.
    func compile(_ model: NetworkModel) throws -> CompiledNetwork {
        try core.compile(model, device: device)
    }

    /// The network in the bytes of an .onnx file, compiled for the device or brought back from the cache.
    func network(onnx: Data) throws -> CompiledNetwork {
        try network(identifiedBy: onnx) { try core.read(onnx: onnx) }
    }

    /// A network compiled for the device, or brought back from the cache and then not read at all.
    ///
    /// - Parameter identity: bytes that no other network has; nil for one that is not to be cached.
    func network(identifiedBy identity: Data?, _ read: () throws -> NetworkModel) throws -> CompiledNetwork {
        guard let cache, let identity else { return try compile(read()) }
        let key = key(of: identity)
        if let network = cache.network(key, on: self) { return network }
        let network = try compile(read())
        cache.keep(network, under: key)
        return network
    }

    /// What was found out about a network at an earlier start, or is found out now.
    ///
    /// - Parameter identity: of the network and the question; nil for what is not to be cached.
    func remembered<Answer: Codable>(identifiedBy identity: Data?, _ find: () throws -> Answer) throws -> Answer {
        guard let cache, let identity else { return try find() }
        let key = key(of: identity)
        if let known = cache.entry(key), let answer = try? JSONDecoder().decode(Answer.self, from: known) {
            return answer
        }
        let answer = try find()
        if let found = try? JSONEncoder().encode(answer) { cache.keep(found, under: key) }
        return answer
    }

    private var cache: NetworkCache? { options.cacheFolder.map(NetworkCache.init(folder:)) }

    /// Everything that a compiled network, or an answer about one, depends on, in a word.
    private func key(of identity: Data) -> String {
        var digest = Digest()
        digest.add(identity)
        let fullName = core.property("FULL_DEVICE_NAME", of: device) ?? ""
        let capabilities = core.capabilities(of: device).sorted().joined(separator: " ")
        let settings = properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        for text in [InferenceCore.version, device, fullName, capabilities] + settings { digest.add(Data(text.utf8)) }
        let digits = String(digest.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private var properties: [String: String] {
        guard device == "CPU" else {
            return ["INFERENCE_PRECISION_HINT": precision.rawValue, "PERFORMANCE_HINT": "THROUGHPUT"]
        }
        return [
            "INFERENCE_PRECISION_HINT": precision.rawValue, "NUM_STREAMS": String(streams),
            "INFERENCE_NUM_THREADS": String(options.threads ?? Self.cores),
        ]
    }

    private static var cores: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Frames drawn side by side: one stream for two cores, at least two of them, at most four.
    ///
    /// Measured on 2 cores at 640×360 (bf16, medians of interleaved rounds): 2 streams of 1 thread draw 0.98× what 1
    /// stream of 2 threads does on an idle machine, and 1.36× beside one busy process, as a decoder and an encoder are:
    /// a stream's threads wait for its slowest at every layer. More streams cost memory and bring nothing.
    private static func suitableStreams(_ cores: Int) -> Int { cores == 1 ? 1 : min(4, max(2, cores / 2)) }

    private static func device(_ name: String, among devices: [String]) throws -> String {
        if name == "AUTO" {
            if let device = ["GPU", "CPU"].lazy.compactMap({ match($0, devices) }).first { return device }
        } else if let device = match(name, devices) {
            return device
        }
        throw SakugaError(
            .unavailable,
            "there is no device '\(name)', OpenVINO found "
                + (devices.isEmpty ? "none" : devices.joined(separator: ", ")),
            hint: devices.isEmpty ? nil : "give --device \(devices[0]), or leave it out")
    }

    /// `GPU` also stands for the first of several, which OpenVINO lists as `GPU.0`, `GPU.1`.
    private static func match(_ name: String, _ devices: [String]) -> String? {
        devices.contains(name) || devices.contains { $0.hasPrefix(name + ".") } ? name : nil
    }

    private static func precision(
        _ asked: InferenceOptions.Precision, on device: String, capabilities: Set<String>
    ) throws -> InferenceOptions.Precision {
        guard asked == .auto else { return asked }
        if device == "CPU" { return capabilities.contains("BF16") ? .bf16 : .f32 }
        return capabilities.contains("FP16") ? .f16 : .f32
    }
}
