internal import COpenVINO
internal import Foundation
internal import Frames

/// A network ready to run on a device. Wraps `ov_compiled_model_t`.
final class CompiledNetwork: @unchecked Sendable {
    // @unchecked Sendable: requests may be made from any thread (ov::CompiledModel is thread-safe), and the pointer
    // never changes.
    private let handle: OpaquePointer
    /// What the network was brought back from: OpenVINO leaves the weights in there and reads them at every run.
    private let blob: UnsafeMutableRawBufferPointer?

    /// Takes ownership of an `ov_compiled_model_t`, and of the memory it was imported from.
    init(taking handle: OpaquePointer, over blob: UnsafeMutableRawBufferPointer? = nil) {
        self.handle = handle
        self.blob = blob
    }

    deinit {
        ov_compiled_model_free(handle)
        blob?.deallocate()
    }

    func makeRequest() throws -> InferenceRequest {
        var request: OpaquePointer?
        try check(ov_compiled_model_create_infer_request(handle, &request), "cannot make an inference request")
        guard let request else { throw SakugaError(.software, "cannot make an inference request") }
        return InferenceRequest(taking: request, of: self)
    }

    /// Writes the device's own form of the network, for `InferenceCore.importNetwork`.
    func export(to file: URL) throws {
        try check(ov_compiled_model_export_model(handle, file.path), "cannot keep the compiled network")
    }

    /// A property as the device chose it, or nil where it does not know it.
    func property(_ key: String) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard ov_compiled_model_get_property(handle, key, &value).rawValue == 0, let value else { return nil }
        defer { ov_free(value) }
        return String(cString: value)
    }
}
