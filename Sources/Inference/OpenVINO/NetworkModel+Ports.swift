internal import COpenVINO
internal import Frames

/// What a network takes and gives.
extension NetworkModel {
    /// Length of an axis as the file gives it.
    enum Length: Equatable, Sendable, CustomStringConvertible {
        case fixed(Int)
        case open

        func allows(_ length: Int) -> Bool { self == .open || self == .fixed(length) }

        var description: String {
            switch self {
            case .fixed(let length): String(length)
            case .open: "?"
            }
        }
    }

    /// An input or output.
    struct Port: Sendable {
        let name: String
        /// Nil where even the number of axes is open.
        let lengths: [Length]?
        /// Whether numbers of this type can be a picture's: f32, f16, bf16 or u8.
        let holdsColours: Bool
        /// Whether these are 8-bit levels.
        let holdsBytes: Bool
    }

    func inputs() throws -> [Port] {
        var count = 0
        try check(ov_model_inputs_size(handle, &count), "cannot list the network's inputs")
        return try (0..<count).map { index in
            try port("input") { ov_model_const_input_by_index(handle, index, $0) }
        }
    }

    func outputs() throws -> [Port] {
        var count = 0
        try check(ov_model_outputs_size(handle, &count), "cannot list the network's outputs")
        return try (0..<count).map { index in
            try port("output") { ov_model_const_output_by_index(handle, index, $0) }
        }
    }

    /// Gives the only input a fixed shape; what depends on it follows.
    func reshape(_ shape: [Int]) throws {
        var partial = ov_partial_shape_t()
        try check(
            ov_partial_shape_create_static(Int64(shape.count), shape.map(Int64.init), &partial),
            "cannot describe a shape")
        defer { ov_partial_shape_free(&partial) }
        try check(ov_model_reshape_single_input(handle, partial), "cannot reshape the network to \(shape)")
    }

    private func port(_ what: String, _ open: (UnsafeMutablePointer<OpaquePointer?>) -> ov_status_e) throws -> Port {
        var handle: OpaquePointer?
        try check(open(&handle), "cannot read the network's \(what)")
        defer { ov_output_const_port_free(handle) }
        var type = DYNAMIC
        try check(ov_port_get_element_type(handle, &type), "cannot read the type of the network's \(what)")
        var shape = ov_partial_shape_t()
        try check(ov_port_get_partial_shape(handle, &shape), "cannot read the shape of the network's \(what)")
        defer { ov_partial_shape_free(&shape) }
        var text: UnsafeMutablePointer<CChar>?
        let hasName = ov_port_get_any_name(handle, &text).rawValue == 0
        defer { if let text { ov_free(text) } }
        return Port(
            name: hasName ? text.map { String(cString: $0) } ?? what : what, lengths: Self.lengths(shape),
            holdsColours: type == F32 || type == F16 || type == BF16 || type == U8, holdsBytes: type == U8)
    }

    private static func lengths(_ shape: ov_partial_shape_t) -> [Length]? {
        guard shape.rank.min == shape.rank.max, shape.rank.max >= 0 else { return nil }
        return (0..<Int(shape.rank.max)).map { axis in
            let length = shape.dims[axis]
            return length.min == length.max && length.max >= 0 ? .fixed(Int(length.max)) : .open
        }
    }
}
