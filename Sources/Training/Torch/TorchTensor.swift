internal import CTorch

/// A tensor of libtorch, float32 unless autocast made it smaller. Freed with the last reference; its numbers may be
/// shared with other tensors (views), as libtorch does it.
final class TorchTensor {
    let torch: Torch
    let handle: OpaquePointer

    /// Takes the handle over.
    init(_ handle: OpaquePointer, of torch: Torch) {
        (self.handle, self.torch) = (handle, torch)
    }

    deinit {
        torch.functions.release(handle)
    }

    // MARK: Making

    static func floats(_ values: [Float], shape: [Int], _ torch: Torch) throws -> TorchTensor {
        precondition(values.count == shape.reduce(1, *))
        return try torch.check(
            torch.functions.from_floats(values, shape.map(Int64.init), Int32(shape.count), torch.device.code),
            "cannot make a tensor of \(shape)")
    }

    /// Bytes become numbers 0…255.
    static func bytes(_ values: [UInt8], shape: [Int], _ torch: Torch) throws -> TorchTensor {
        precondition(values.count == shape.reduce(1, *))
        return try torch.check(
            torch.functions.from_bytes(values, shape.map(Int64.init), Int32(shape.count), torch.device.code),
            "cannot make a tensor of \(shape)")
    }

    static func full(_ value: Double, shape: [Int], _ torch: Torch) throws -> TorchTensor {
        try torch.check(
            torch.functions.full(value, shape.map(Int64.init), Int32(shape.count), torch.device.code),
            "cannot make a tensor of \(shape)")
    }

    static func zeros(_ shape: [Int], _ torch: Torch) throws -> TorchTensor { try full(0, shape: shape, torch) }

    /// Uniform on 0…1 from the seeded generator.
    static func uniform(_ shape: [Int], _ torch: Torch) throws -> TorchTensor {
        try torch.check(
            torch.functions.uniform(shape.map(Int64.init), Int32(shape.count), torch.device.code),
            "cannot make a tensor of \(shape)")
    }

    /// N(0, 1) from the seeded generator.
    static func normal(_ shape: [Int], _ torch: Torch) throws -> TorchTensor {
        try torch.check(
            torch.functions.normal(shape.map(Int64.init), Int32(shape.count), torch.device.code),
            "cannot make a tensor of \(shape)")
    }

    // MARK: Reading

    var shape: [Int] {
        let rank = Int(torch.functions.rank(handle))
        var lengths = [Int64](repeating: 0, count: rank)
        torch.functions.shape(handle, &lengths)
        return lengths.map(Int.init)
    }

    var count: Int { shape.reduce(1, *) }

    func values() throws -> [Float] {
        let count = count
        var values = [Float](repeating: 0, count: count)
        try torch.check(torch.functions.to_floats(handle, &values, Int64(count)), "cannot read a tensor of \(shape)")
        return values
    }

    /// The only number of a tensor that has one.
    func number() throws -> Double { Double(try values()[0]) }

    // MARK: Learning

    /// Makes a leaf whose gradient `backward` computes.
    func requireGradient() throws { try torch.check(torch.functions.require_gradient(handle), "cannot learn a tensor") }

    /// Adds the derivatives of this number by all leaves to their gradients.
    func backward() throws { try torch.check(torch.functions.backward(handle), "cannot compute gradients") }

    /// What `backward` left at this leaf; nil where it depends on nothing.
    func gradient() -> TorchTensor? { torch.functions.gradient(handle).map { TorchTensor($0, of: torch) } }

    /// Writes over the numbers of this tensor, outside of any recording.
    func copy(from source: TorchTensor) throws {
        try torch.check(torch.functions.copy_into(handle, source.handle), "cannot copy a tensor of \(source.shape)")
    }
}

extension [TorchTensor] {
    /// Calls `body` with the handles as C takes them.
    func withHandles<Result>(_ body: (UnsafePointer<OpaquePointer?>?, Int32) throws -> Result) rethrows -> Result {
        let handles: [OpaquePointer?] = map(\.handle)
        return try handles.withUnsafeBufferPointer { try body($0.baseAddress, Int32(count)) }
    }

    /// `self += share·(source − self)` for each pair.
    func blend(_ sources: [TorchTensor], share: Double) throws {
        precondition(count == sources.count)
        guard let torch = first?.torch else { return }
        try withHandles { targets, count in
            try sources.withHandles { sources, _ in
                try torch.check(torch.functions.blend_into(targets, sources, count, share), "cannot average weights")
            }
        }
    }
}
