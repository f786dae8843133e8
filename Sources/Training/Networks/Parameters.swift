internal import Model

/// The named tensors that a network learns, in the order they were made.
final class Parameters {
    private(set) var names: [String] = []
    private var tensors: [String: TorchTensor] = [:]
    let torch: Torch

    init(_ torch: Torch) {
        self.torch = torch
    }

    var leaves: [TorchTensor] { names.map { self[$0] } }

    subscript(name: String) -> TorchTensor {
        guard let tensor = tensors[name] else { preconditionFailure("there is no parameter '\(name)'") }
        return tensor
    }

    /// Adds a leaf of N(0, `deviation`²), from the seeded generator.
    func add(_ name: String, shape: [Int], deviation: Double) throws {
        try add(name, deviation == 0 ? .zeros(shape, torch) : TorchTensor.normal(shape, torch) * deviation)
    }

    func add(_ name: String, _ value: TorchTensor) throws {
        precondition(tensors[name] == nil, "parameter '\(name)' is there already")
        let leaf = try value.cloned()
        try leaf.requireGradient()
        names.append(name)
        tensors[name] = leaf
    }

    /// Copies of all tensors that learn nothing: where a moving average goes.
    func frozenCopy() throws -> Parameters {
        let copy = Parameters(torch)
        for name in names {
            copy.names.append(name)
            copy.tensors[name] = try self[name].cloned()
        }
        return copy
    }

    /// `self += share·(source − self)`
    func blend(_ source: Parameters, share: Double) throws {
        try leaves.blend(source.leaves, share: share)
    }

    /// The numbers, as a weights file holds them.
    func exported() throws -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for name in names { result[name] = Tensor(shape: self[name].shape, values: try self[name].values()) }
        return result
    }

    /// Writes over all tensors.
    /// - Precondition: `values` holds every name with the same shape.
    func load(_ values: [String: Tensor]) throws {
        for name in names {
            guard let value = values[name], value.shape == self[name].shape else {
                preconditionFailure("'\(name)' was checked before")
            }
            try self[name].copy(from: .floats(value.values, shape: value.shape, torch))
        }
    }
}
