internal import COpenVINO

/// A network as it was read, not yet compiled. Wraps `ov_model_t`. Used by one thread.
final class NetworkModel {
    let handle: OpaquePointer

    /// Takes ownership of an `ov_model_t`.
    init(taking handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        ov_model_free(handle)
    }
}
