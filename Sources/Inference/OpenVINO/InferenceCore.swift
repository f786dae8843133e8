internal import COpenVINO
internal import Foundation
internal import Frames

/// OpenVINO's core: knows the devices, reads networks and compiles them. Wraps `ov_core_t`.
final class InferenceCore: @unchecked Sendable {
    // @unchecked Sendable: ov::Core may be called from several threads at once (its documentation says so), and the
    // pointer never changes.
    private let handle: OpaquePointer

    /// - Throws: `.unavailable` where OpenVINO cannot start.
    init() throws {
        var handle: OpaquePointer?
        try check(ov_core_create(&handle), "cannot start OpenVINO", .unavailable)
        guard let handle else { throw SakugaError(.unavailable, "cannot start OpenVINO") }
        self.handle = handle
    }

    deinit {
        ov_core_free(handle)
    }

    /// Names of the devices found, such as `CPU`, `GPU.0`.
    func devices() throws -> [String] {
        var list = ov_available_devices_t()
        try check(ov_core_get_available_devices(handle, &list), "cannot list OpenVINO's devices", .unavailable)
        defer { ov_available_devices_free(&list) }
        return (0..<list.size).compactMap { list.devices[$0].map { String(cString: $0) } }
    }

    /// A property of a device, or nil where the device does not know it.
    func property(_ key: String, of device: String) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard ov_core_get_property(handle, device, key, &value).rawValue == 0, let value else { return nil }
        defer { ov_free(value) }
        return String(cString: value)
    }

    /// What a device can do, in OpenVINO's words: `FP32`, `FP16`, `BF16`, `INT8`, `EXPORT_IMPORT`, …
    func capabilities(of device: String) -> Set<String> {
        let list = property("OPTIMIZATION_CAPABILITIES", of: device) ?? ""
        return Set(list.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
    }

    /// Reads a network from the bytes of an .onnx file.
    func read(onnx: Data) throws -> NetworkModel {
        var model: OpaquePointer?
        let status = onnx.withUnsafeBytes { bytes in
            ov_core_read_model_from_memory_buffer(
                handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, nil, &model)
        }
        try check(status, "cannot read the generator's graph")
        guard let model else { throw SakugaError(.software, "cannot read the generator's graph") }
        return NetworkModel(taking: model)
    }

    /// Reads a network in any format OpenVINO knows.
    ///
    /// - Throws: `.data`, naming the file.
    func read(file: URL) throws -> NetworkModel {
        let failure = "cannot read network '\(file.path)'"
        var model: OpaquePointer?
        try check(ov_core_read_model(handle, file.path, nil, &model), failure, .data)
        guard let model else { throw SakugaError(.data, failure) }
        return NetworkModel(taking: model)
    }

    /// Compiles a network for a device.
    func compile(_ model: NetworkModel, device: String) throws -> CompiledNetwork {
        var compiled: OpaquePointer?
        try check(
            ov_core_compile_model_props(handle, model.handle, device, 0, nil, &compiled),
            "cannot compile the network for \(device)")
        guard let compiled else { throw SakugaError(.software, "cannot compile the network for \(device)") }
        return CompiledNetwork(taking: compiled)
    }

    /// Brings back a network that `CompiledNetwork.export` wrote, with the properties that were set for the device.
    func importNetwork(_ blob: Data, device: String) throws -> CompiledNetwork {
        var compiled: OpaquePointer?
        // Copied, since the network goes on using this memory after the call.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: blob.count, alignment: 64)
        blob.copyBytes(to: memory)
        do {
            try check(
                ov_core_import_model(
                    handle, memory.baseAddress?.assumingMemoryBound(to: CChar.self), memory.count, device, &compiled),
                "cannot bring back a compiled network")
            guard let compiled else { throw SakugaError(.software, "cannot bring back a compiled network") }
            return CompiledNetwork(taking: compiled, over: memory)
        } catch {
            memory.deallocate()
            throw error
        }
    }

    /// Sets properties for whatever is compiled for the device afterwards.
    func set(_ properties: [String: String], of device: String) throws {
        let status = withProperties(properties) { list in
            ov_core_set_properties(handle, device, list.count, list.baseAddress)
        }
        try check(status, "cannot set up \(device)")
    }

    /// OpenVINO's version, such as `2026.4.1-22123-abcdef`.
    static var version: String {
        var version = ov_version_t()
        guard ov_get_openvino_version(&version).rawValue == 0 else { return "unknown" }
        defer { ov_version_free(&version) }
        return version.buildNumber.map { String(cString: $0) } ?? "unknown"
    }

    private func withProperties<Result>(
        _ properties: [String: String], _ body: (UnsafeBufferPointer<ov_property_t>) -> Result
    ) -> Result {
        // The strings must outlive the call, so they are copied by hand and freed after it.
        let strings = properties.map { (strdup($0.key), strdup($0.value)) }
        defer {
            for (key, value) in strings {
                free(key)
                free(value)
            }
        }
        let list = strings.map { ov_property_t(key: $0.0, value: $0.1) }
        return list.withUnsafeBufferPointer(body)
    }
}
