/// Colour loss (AnimeGAN, Eq. 6): in YUV, L1 for Y and Huber for U and V, so that drawings keep the colours of what they
/// show. RGB on −1…1, [N, 3, H, W]; compared on 0…1.
struct ColorLoss {
    func callAsFunction(_ drawn: TorchTensor, _ target: TorchTensor) throws -> TorchTensor {
        let a = try Self.yuv(drawn)
        let b = try Self.yuv(target)
        let luma = try (a.y - b.y).absolute().mean()
        return try luma + Self.huber(a.u - b.u) + Self.huber(a.v - b.v)
    }

    /// BT.601 luma on 0…1 and colour differences (ITU-R BT.470 weights), as AnimeGAN takes them from TensorFlow.
    static func yuv(_ rgb: TorchTensor) throws -> (y: TorchTensor, u: TorchTensor, v: TorchTensor) {
        let unit = try rgb * 0.5 + 0.5
        let y = try luma(unit)
        let red = try unit.narrowed(1, from: 0, length: 1)
        let blue = try unit.narrowed(1, from: 2, length: 1)
        return (y, try (blue - y) * 0.492, try (red - y) * 0.877)
    }

    /// BT.601 luma of RGB [N, 3, H, W], [N, 1, H, W].
    static func luma(_ rgb: TorchTensor) throws -> TorchTensor {
        let weights: [Float] = [0.299, 0.587, 0.114]
        return try rgb.convolved(.floats(weights, shape: [1, 3, 1, 1], rgb.torch), nil, padding: 0).float32()
    }

    /// The picture without its colours, in three equal channels.
    static func grey(_ rgb: TorchTensor) throws -> TorchTensor {
        let luma = try luma(rgb)
        return try .concatenated([luma, luma, luma], along: 1)
    }

    /// Huber's function with δ = 0.1: `x²/2δ` up to δ, `|x| − δ/2` beyond; mean.
    static func huber(_ x: TorchTensor) throws -> TorchTensor {
        let delta = 0.1
        let size = try x.absolute()
        let inner = try size.atMost(delta)
        return try (inner.squared() / (2 * delta) + size - inner).mean()
    }
}
