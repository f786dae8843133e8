internal import COpenVINO
internal import Frames

/// One run of a network at a time. Wraps `ov_infer_request_t`. Used by one thread at a time; `RequestPool` sees to it.
final class InferenceRequest {
    /// Type of the numbers in memory that is lent to a request.
    enum ElementType {
        case uint8, float32
    }

    private let handle: OpaquePointer
    private let network: CompiledNetwork

    /// Takes ownership of an `ov_infer_request_t`, and keeps its network alive.
    init(taking handle: OpaquePointer, of network: CompiledNetwork) {
        self.handle = handle
        self.network = network
    }

    deinit {
        ov_infer_request_free(handle)
    }

    /// Memory that one of the network's outputs is written to.
    struct Output {
        var type: ElementType
        var memory: UnsafeMutableRawPointer
        /// Which of the network's outputs; nil for the one at this place in the list.
        var index: Int?
        var shape: [Int]
    }

    /// Runs the network on the calling thread, reading `input` and writing `output` in place, without a copy. Both are
    /// lent for the length of the call. `index` says which of the network's outputs is wanted.
    func run(
        _ inputType: ElementType, _ input: UnsafeMutableRawPointer, shape inputShape: [Int],
        into outputType: ElementType, _ output: UnsafeMutableRawPointer, output index: Int = 0, shape outputShape: [Int]
    ) throws {
        try run(
            inputType, input, shape: inputShape,
            into: [Output(type: outputType, memory: output, index: index, shape: outputShape)])
    }

    /// The same for several outputs at once.
    func run(
        _ inputType: ElementType, _ input: UnsafeMutableRawPointer, shape inputShape: [Int], into outputs: [Output]
    ) throws {
        let inputTensor = try BorrowedTensor(inputType, input, shape: inputShape)
        try check(ov_infer_request_set_input_tensor(handle, inputTensor.handle), "cannot give a picture to the network")
        for (place, output) in outputs.enumerated() {
            // The request holds on to the tensor itself; only our handle to it is freed here.
            let tensor = try BorrowedTensor(output.type, output.memory, shape: output.shape)
            try check(
                ov_infer_request_set_output_tensor_by_index(handle, output.index ?? place, tensor.handle),
                "cannot take a drawing from the network")
        }
        try check(ov_infer_request_infer(handle), "cannot run the network")
    }

    /// Runs a network between arrays of numbers, which are copied: for finding out what it does, not for pictures in a
    /// hurry.
    func runForFloats(
        _ input: inout [Float], shape: [Int], output index: Int = 0, shape outputShape: [Int]
    ) throws -> [Float] {
        var output = [Float](repeating: 0, count: outputShape.reduce(1, *))
        try input.withUnsafeMutableBytes { source in
            try output.withUnsafeMutableBytes { target in
                // Arrays of a picture's size are not empty: they have an address.
                try run(
                    .float32, source.baseAddress!, shape: shape, into: .float32, target.baseAddress!, output: index,
                    shape: outputShape)
            }
        }
        return output
    }
}

/// A tensor over memory that belongs to somebody else. Wraps `ov_tensor_t`.
private struct BorrowedTensor: ~Copyable {
    let handle: OpaquePointer

    init(_ type: InferenceRequest.ElementType, _ memory: UnsafeMutableRawPointer, shape: [Int]) throws {
        let dimensions = shape.map(Int64.init)
        let element = type == .uint8 ? U8 : F32
        var tensor: OpaquePointer?
        var place = ov_shape_t()
        try check(ov_shape_create(Int64(dimensions.count), dimensions, &place), "cannot describe a tensor")
        defer { ov_shape_free(&place) }
        try check(ov_tensor_create_from_host_ptr(element, place, memory, &tensor), "cannot wrap a picture as a tensor")
        guard let tensor else { throw SakugaError(.software, "cannot wrap a picture as a tensor") }
        handle = tensor
    }

    deinit {
        ov_tensor_free(handle)
    }
}
