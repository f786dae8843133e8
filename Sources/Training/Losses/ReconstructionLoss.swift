/// Reconstruction loss of the initial phase: L1 between a drawing and its target, and between their gradients, which
/// keeps edges where L1 alone would hedge: `mean(|d − t|) + g·mean(|∇d − ∇t|)`. [N, 3, H, W].
struct ReconstructionLoss {
    /// What gradients count.
    var gradientShare = 2.0

    func callAsFunction(_ drawn: TorchTensor, _ target: TorchTensor) throws -> TorchTensor {
        let a = try Gradients.of(drawn)
        let b = try Gradients.of(target)
        let slopes = try (a.down - b.down).absolute().mean() + (a.right - b.right).absolute().mean()
        return try (drawn - target).absolute().mean() + slopes * gradientShare
    }
}
