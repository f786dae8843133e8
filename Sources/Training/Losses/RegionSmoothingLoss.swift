/// Region smoothing loss: every region of what is drawn should have one tone. AnimeGANv3 (Liu, Chen & Zhu, IEICE 2024) and
/// White-box Cartoonization (Wang & Yu, CVPR 2020, Eq. 4) compare a drawing with its own superpixels; here the drawing is
/// compared with itself smoothed inside the regions of the simplified photograph, by the guided filter (He, Sun & Tang,
/// ECCV 2010, Eqs. 5, 6 and 8), which is differentiable and needs no segmentation: `mean(|d − GF(guide, d)|)`.
struct RegionSmoothingLoss {
    /// Side of the filter's window in pixels, odd.
    var window = 9
    /// ε of the filter on the square of −1…1: edges of the guide with less variance are smoothed away.
    var epsilon = 0.01

    /// Both [N, 3, H, W]. The guide gets no gradient.
    func callAsFunction(_ drawn: TorchTensor, guide: TorchTensor) throws -> TorchTensor {
        let smoothed = try filtered(drawn, guide: guide.detached().mean(over: [1], keep: true))
        let margin = window / 2 * 2
        return try (drawn - smoothed).cropped(margin).absolute().mean()
    }

    private func filtered(_ p: TorchTensor, guide i: TorchTensor) throws -> TorchTensor {
        let (meanI, meanP) = (try box(i), try box(p))
        let covariance = try box(i * p) - meanI * meanP
        let variance = try box(i * i) - meanI * meanI
        let a = try covariance / (variance + epsilon)
        let b = try meanP - a * meanI
        return try box(a) * i + box(b)
    }

    private func box(_ x: TorchTensor) throws -> TorchTensor { try Kernel.box(window, x.torch).applied(to: x) }
}

/// A small filter for every channel by itself, edges repeated.
struct Kernel {
    let weights: TorchTensor

    static func box(_ side: Int, _ torch: Torch) throws -> Kernel {
        Kernel(weights: try .full(1 / Double(side * side), shape: [1, 1, side, side], torch))
    }

    /// Binomial weights of 5×5, close to a Gaussian of deviation 1.
    static func blur(_ torch: Torch) throws -> Kernel {
        let row: [Float] = [1, 4, 6, 4, 1]
        let values = row.flatMap { a in row.map { $0 * a / 256 } }
        return Kernel(weights: try .floats(values, shape: [1, 1, 5, 5], torch))
    }

    func applied(to x: TorchTensor) throws -> TorchTensor {
        let shape = x.shape
        let single = try x.padded(weights.shape[2] / 2, .replicate)
        let side = single.shape
        return try single.reshaped([shape[0] * shape[1], 1, side[2], side[3]]).convolved(weights, nil, padding: 0)
            .reshaped(shape)
    }
}
