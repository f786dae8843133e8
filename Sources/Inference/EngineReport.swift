internal import Foundation

/// What there is to run networks with, for people to read.
package struct EngineReport: Sendable {
    package struct Device: Sendable {
        /// OpenVINO's name, such as `CPU`.
        package let name: String
        /// The maker's name.
        package let fullName: String
        /// Formats it calculates natively.
        package let precisions: [InferenceOptions.Precision]
    }

    /// OpenVINO's version.
    package let version: String
    package let devices: [Device]
    /// The device, precision and number of streams used where nothing is asked for.
    package let chosenDevice: String
    package let chosenPrecision: InferenceOptions.Precision
    package let chosenStreams: Int

    /// - Throws: `.unavailable` where OpenVINO cannot start or finds no device.
    package init() throws {
        let engine = try Engine(InferenceOptions())
        version = InferenceCore.version
        devices = try engine.core.devices().map { name in
            let capabilities = engine.core.capabilities(of: name)
            return Device(
                name: name, fullName: engine.core.property("FULL_DEVICE_NAME", of: name) ?? name,
                precisions: [("FP32", .f32), ("FP16", .f16), ("BF16", .bf16)].compactMap { capability, precision in
                    capabilities.contains(capability) ? precision : nil
                })
        }
        chosenDevice = engine.device
        chosenPrecision = engine.precision
        chosenStreams = engine.streams
    }
}
