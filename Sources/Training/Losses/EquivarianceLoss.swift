/// Temporal equivariance (the compound regularization of Wang et al., "Consistent Video Style Transfer via Compound
/// Regularization", AAAI 2020, Eq. 8): the drawing of a moved and noised photograph equals the moved drawing,
/// for each picture the root of `mean((G(W(x) + n) − W(G(x)))²)`, because few large changes flicker more than many small
/// ones. Needs no video.
struct EquivarianceLoss {
    /// Pixels at the border that moved pictures do not show.
    static let margin = 12

    /// Both [N, 3, H, W].
    func callAsFunction(drawnOfMoved: TorchTensor, movedDrawing: TorchTensor) throws -> TorchTensor {
        let squares = try (drawnOfMoved - movedDrawing).cropped(Self.margin).squared().mean(over: [1, 2, 3])
        return try (squares + 1e-12).squareRoot().mean()
    }
}

/// A small random motion for every picture of a batch: a shift of up to 4 pixels, and for half of the pictures a smooth
/// flow of about 1 pixel. The others are shifted by whole pixels: no interpolation blurs what is compared, and what is
/// left is what the generator's own grids of 2, 4 and 8 pixels make of it.
struct RandomMotion {
    private let grid: TorchTensor

    /// Draws from the seeded generator.
    init(pictures: Int, height: Int, width: Int, _ torch: Torch) throws {
        let scale = try TorchTensor.floats([2 / Float(width), 2 / Float(height)], shape: [1, 1, 1, 2], torch)
        let shift = try (TorchTensor.uniform([pictures, 1, 1, 2], torch) - 0.5) * 8
        let isWhole = (0..<pictures).map { $0 % 2 == 1 }
        let shifts = zip(try shift.values(), isWhole.flatMap { [$0, $0] }).map { $1 ? $0.rounded() : $0 }
        let coarse = try TorchTensor.normal([pictures, 2, 5, 5], torch)
        let smooth = try TorchTensor.floats(isWhole.map { $0 ? 0 : 1 }, shape: [pictures, 1, 1, 1], torch)
        let flow = try (coarse * smooth).resized(height: height, width: width).permuted([0, 2, 3, 1])
        grid =
            try Self.identity(height: height, width: width, torch) + (flow + .floats(shifts, shape: shift.shape, torch))
            * scale
    }

    private init(grid: TorchTensor) { self.grid = grid }

    /// The motions of some of the pictures.
    func mapped(_ choose: (TorchTensor) throws -> TorchTensor) rethrows -> RandomMotion {
        RandomMotion(grid: try choose(grid))
    }

    /// Moves pictures [N, C, H, W].
    func applied(to pictures: TorchTensor) throws -> TorchTensor { try pictures.sampled(at: grid) }

    /// Each pixel's own place, [1, H, W, 2] in −1…1.
    private static func identity(height: Int, width: Int, _ torch: Torch) throws -> TorchTensor {
        var places: [Float] = []
        places.reserveCapacity(height * width * 2)
        for y in 0..<height {
            for x in 0..<width {
                places.append((2 * Float(x) + 1) / Float(width) - 1)
                places.append((2 * Float(y) + 1) / Float(height) - 1)
            }
        }
        return try .floats(places, shape: [1, height, width, 2], torch)
    }
}
