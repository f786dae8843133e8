/// Least-squares adversarial loss (Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, Eq. 9) with the
/// negatives of AnimeGAN (Chen, Liu & Chen, ISICA 2019, Eq. 8): grey art, so that drawings get colour, and art with blurred
/// edges, so that they get confident lines. Judgements are the discriminator's patches, of any shape.
package struct AdversarialLoss {
    /// What each kind of picture counts in the discriminator's loss.
    package struct Shares: Codable, Sendable, Equatable {
        package var art = 1.2
        package var drawn = 1.2
        package var grey = 1.2
        package var blurred = 0.8
    }

    var shares = Shares()

    /// `mean((D(G(x)) − 1)²)`
    func generator(drawn: TorchTensor) throws -> TorchTensor { try (drawn - 1).squared().mean() }

    /// `a·mean((D(art) − 1)²) + b·mean(D(G(x))²) + c·mean(D(grey art)²) + d·mean(D(blurred art)²)`
    func discriminator(
        art: TorchTensor, drawn: TorchTensor, grey: TorchTensor, blurred: TorchTensor
    ) throws -> TorchTensor {
        let real = try (art - 1).squared().mean() * shares.art
        let negatives = try drawn.squared().mean() * shares.drawn + grey.squared().mean() * shares.grey
        return try real + negatives + blurred.squared().mean() * shares.blurred
    }
}
