internal import CTorch

/// Processes that train one network together, each on its own share of every batch. They meet in a file.
package final class ProcessGroup {
    package let rank: Int
    package let size: Int
    private let group: OpaquePointer
    private let torch: Torch

    /// Waits until all `size` processes are there.
    /// - Throws: `.software` with the words of torch.distributed.
    package init(meetingIn file: String, rank: Int, size: Int, _ torch: Torch) throws {
        precondition(size > 0 && rank >= 0 && rank < size)
        guard let group = torch.functions.join(file, Int32(rank), Int32(size), torch.device.code) else {
            throw torch.error("process \(rank) of \(size) cannot join the others in '\(file)'")
        }
        (self.group, self.rank, self.size, self.torch) = (group, rank, size, torch)
    }

    deinit {
        torch.functions.leave(group)
    }

    /// Replaces the gradients of all leaves by their mean over the processes.
    func averageGradients(_ leaves: [TorchTensor]) throws {
        try leaves.withHandles {
            try torch.check(torch.functions.average_gradients(group, $0, $1), "cannot average gradients")
        }
    }

    /// The means of numbers over the processes.
    func average(_ numbers: [Double]) throws -> [Double] {
        let tensor = try TorchTensor.floats(numbers.map { Float($0) }, shape: [numbers.count], torch)
        try torch.check(torch.functions.average(group, tensor.handle), "cannot average numbers")
        return try tensor.values().map(Double.init)
    }

    /// The part of a batch [N, …] that this process works on; N is a multiple of `size`.
    func share(of batch: TorchTensor) throws -> TorchTensor {
        let count = batch.shape[0] / size
        return try batch.narrowed(0, from: rank * count, length: count)
    }
}
