/// Total variation (Rudin, Osher & Fatemi, 1992, in the squared form of Johnson, Alahi & Li, ECCV 2016, §3.2): the mean
/// squared difference of neighbours, down plus right. [N, C, H, W].
struct TotalVariationLoss {
    func callAsFunction(_ pictures: TorchTensor) throws -> TorchTensor {
        let (down, right) = try Gradients.of(pictures)
        return try down.squared().mean() + right.squared().mean()
    }
}

/// Differences of neighbouring pixels.
enum Gradients {
    static func of(_ pictures: TorchTensor) throws -> (down: TorchTensor, right: TorchTensor) {
        let shape = pictures.shape
        let (height, width) = (shape[2], shape[3])
        return (
            try pictures.narrowed(2, from: 1, length: height - 1) - pictures.narrowed(2, from: 0, length: height - 1),
            try pictures.narrowed(3, from: 1, length: width - 1) - pictures.narrowed(3, from: 0, length: width - 1)
        )
    }
}
