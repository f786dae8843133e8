internal import Foundation
internal import Frames

/// A device chosen from those that are there, with the precision it will calculate in.
struct Engine: Sendable {
    let core: InferenceCore
    /// OpenVINO's name of the device, never `AUTO`.
    let device: String
    let precision: InferenceOptions.Precision
    let options: InferenceOptions

    /// - Throws: `.unavailable` where the device is not there, naming those that are.
    init(_ options: InferenceOptions) throws {
        core = try InferenceCore()
        self.options = options
        let devices = try core.devices()
        device = try Self.device(options.device, among: devices)
        precision = try Self.precision(
            options.precision, on: device,
            capabilities: core.property("OPTIMIZATION_CAPABILITIES", of: device) ?? "")
    }

    /// Compiles a network with as many streams as are asked for or, without that, as suit the machine.
    func compile(_ model: NetworkModel) throws -> CompiledNetwork {
        var properties = ["INFERENCE_PRECISION_HINT": precision.rawValue]
        if device == "CPU" {
            properties["NUM_STREAMS"] = String(streams)
            properties["INFERENCE_NUM_THREADS"] = String(cores)
        } else {
            properties["PERFORMANCE_HINT"] = "THROUGHPUT"
        }
        return try core.compile(model, device: device, properties: properties)
    }

    var cores: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Frames drawn side by side.
    var streams: Int { options.streams ?? max(1, min(4, cores / 2)) }

    private static func device(_ name: String, among devices: [String]) throws -> String {
        if name == "AUTO" {
            if let device = ["GPU", "CPU"].lazy.compactMap({ match($0, devices) }).first { return device }
        } else if let device = match(name, devices) {
            return device
        }
        throw SakugaError(
            .unavailable,
            "there is no device '\(name)', OpenVINO found "
                + (devices.isEmpty ? "none" : devices.joined(separator: ", ")))
    }

    /// `GPU` also stands for the first of several, which OpenVINO lists as `GPU.0`, `GPU.1`.
    private static func match(_ name: String, _ devices: [String]) -> String? {
        devices.contains(name) || devices.contains { $0.hasPrefix(name + ".") } ? name : nil
    }

    private static func precision(
        _ asked: InferenceOptions.Precision, on device: String, capabilities: String
    ) throws -> InferenceOptions.Precision {
        guard asked == .auto else { return asked }
        let native = Set(capabilities.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).map(String.init))
        if device == "CPU" { return native.contains("BF16") ? .bf16 : .f32 }
        return native.contains("FP16") ? .f16 : .f32
    }
}
