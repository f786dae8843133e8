/// Content loss (AnimeGAN, Eq. 4; after Gatys, Ecker & Bethge, CVPR 2016, Eq. 1, with L1): how far the features of a drawing
/// are from those of what it shows, `mean(|F(drawing) − F(target)|)`, over their mean size so that every stage counts alike.
///
/// The same distance to the simplified photograph, at earlier stages, is the perceptual loss (the feature reconstruction of
/// Johnson, Alahi & Li, ECCV 2016, Eq. 2): it asks for the target's crisp edges where L1 between pixels would hedge.
struct ContentLoss {
    /// Both [N, C, h, w].
    func callAsFunction(_ drawn: TorchTensor, _ target: TorchTensor) throws -> TorchTensor {
        let size = try target.detached().absolute().mean() + 1e-6
        return try (drawn - target).absolute().mean() / size
    }
}
