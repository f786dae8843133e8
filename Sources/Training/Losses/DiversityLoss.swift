/// Diversity loss (mode seeking: Mao et al., "Mode Seeking Generative Adversarial Networks", CVPR 2019, Eq. 3): drawings of
/// one photograph with different style codes should differ, in proportion to the distance of the codes. It asks for no more
/// than `target`: `max(0, target − mean(|G(x, z₁) − G(x, z₂)|) / mean(|z₁ − z₂|))`.
struct DiversityLoss {
    /// On −1…1 for each unit of distance between codes.
    var target = 0.12

    /// Drawings [N, 3, H, W], codes [N, D].
    func callAsFunction(
        _ first: TorchTensor, _ second: TorchTensor, codes: (TorchTensor, TorchTensor)
    ) throws -> TorchTensor {
        let distance = try (codes.0 - codes.1).absolute().mean() + 1e-3
        let ratio = try (first - second).absolute().mean() / distance
        return try (target - ratio).relu()
    }
}
