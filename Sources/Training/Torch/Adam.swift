internal import CTorch

/// Adam (Kingma & Ba, ICLR 2015, Algorithm 1) over a list of leaves, with its state in plain sight so that a checkpoint
/// can hold all of it.
final class Adam {
    let leaves: [TorchTensor]
    let means: [TorchTensor]
    let squares: [TorchTensor]
    /// Steps taken.
    var steps = 0
    private let beta1: Double
    private let beta2: Double
    private let torch: Torch

    init(_ leaves: [TorchTensor], beta1: Double, beta2: Double, _ torch: Torch) throws {
        (self.leaves, self.beta1, self.beta2, self.torch) = (leaves, beta1, beta2, torch)
        means = try leaves.map { try .zeros($0.shape, torch) }
        squares = try leaves.map { try .zeros($0.shape, torch) }
    }

    func clearGradients() throws {
        try leaves.withHandles { try torch.check(torch.functions.clear_gradients($0, $1), "cannot clear gradients") }
    }

    /// Scales all gradients down so that their common norm is at most `limit`; returns what it was.
    func clipGradients(_ limit: Double) throws -> Double {
        var norm = 0.0
        try leaves.withHandles {
            try torch.check(torch.functions.clip_gradients($0, $1, limit, &norm), "cannot clip gradients")
        }
        return norm
    }

    func step(rate: Double) throws {
        steps += 1
        try leaves.withHandles { leaves, count in
            try means.withHandles { means, _ in
                try squares.withHandles { squares, _ in
                    try torch.check(
                        torch.functions.adam(
                            leaves, means, squares, count, Int64(steps), rate, beta1, beta2, 1e-8),
                        "cannot take a step")
                }
            }
        }
    }
}
