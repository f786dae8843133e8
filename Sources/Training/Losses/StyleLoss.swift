/// Style loss (AnimeGAN, Eq. 5): the distance of Gram matrices of the features of *grey* pictures, so that it speaks of
/// strokes and textures, not of hues.
///
/// One Gram matrix for the whole batch, because a style is a property of many pictures: a sky need not have the texture of
/// a roof. `mean(|Gram(drawings) − Gram(art)|)` over the mean size of the art's matrix.
struct StyleLoss {
    /// The Gram matrix of features [N, C, h, w] over all pictures and places (Gatys, Ecker & Bethge, CVPR 2016, Eq. 3):
    /// [C, C], divided by N·h·w.
    static func gram(_ features: TorchTensor) throws -> TorchTensor {
        let shape = features.shape
        let places = shape[0] * shape[2] * shape[3]
        let matrix = try features.permuted([1, 0, 2, 3]).reshaped([shape[1], places])
        return try matrix.matrixProduct(matrix.permuted([1, 0])).float32() / Double(places)
    }

    /// Both are Gram matrices [C, C].
    func callAsFunction(_ drawn: TorchTensor, _ art: TorchTensor) throws -> TorchTensor {
        let size = try art.detached().absolute().mean() + 1e-6
        return try (drawn - art).absolute().mean() / size
    }
}
