internal import Model

/// What the generator is shown in one step, and what it should make of it: photographs with noise, the same moved a
/// little, and some with another style code.
struct Scene {
    /// Pixels at the border of a crop that the discriminator and the features do not see: there the generator looks at
    /// zero padding, and would learn to paint it. With 16 pixels it learned to put streaks there all the same.
    static let margin = 32

    /// All pictures that the generator draws in one go, with their codes.
    let inputs: TorchTensor
    let codes: TorchTensor
    let target: TorchTensor
    /// The photographs without noise.
    let photos: TorchTensor
    private let count: Int
    private let diverse: Int
    private let motion: RandomMotion

    /// - Parameters:
    ///   - photos: the whole batch, also where several processes share it.
    ///   - isDiverse: some photographs are drawn with a second code.
    ///   - group: the processes that share the batch. What is random is drawn for all of it, and then shared out.
    init(_ photos: TrainingSet.Photos, _ plan: TrainingPlan, isDiverse: Bool, group: ProcessGroup?, _ torch: Torch)
        throws
    {
        func share(_ batch: TorchTensor) throws -> TorchTensor { try group?.share(of: batch) ?? batch }
        let whole = photos.pictures.shape[0]
        let shape = photos.pictures.shape
        let allMotion = try RandomMotion(pictures: whole, height: shape[2], width: shape[3], torch)
        let allCodes = try Self.codes(whole, plan, torch)
        func noised(_ pictures: TorchTensor) throws -> TorchTensor {
            let deviation = try TorchTensor.uniform([pictures.shape[0], 1, 1, 1], torch) * (2 * plan.noise)
            return try pictures + TorchTensor.normal(pictures.shape, torch) * deviation
        }
        let seen = try share(noised(photos.pictures))
        let movedPhotos = try share(noised(allMotion.applied(to: photos.pictures)))
        let first = try share(allCodes)
        self.photos = try share(photos.pictures)
        motion = try allMotion.mapped(share)
        var parts = [seen, movedPhotos]
        var codes = [first, first]
        count = seen.shape[0]
        diverse = isDiverse ? max(1, count / 4) : 0
        if isDiverse {
            parts.append(try seen.narrowed(0, from: 0, length: diverse))
            codes.append(try Self.codes(diverse, plan, torch))
        }
        inputs = try .concatenated(parts, along: 0)
        self.codes = try .concatenated(codes, along: 0)
        target = try plan.grading.target(flat: share(photos.flat), lines: share(photos.lines), codes: first)
    }

    /// The drawings of the photographs as they were.
    func plain(_ drawings: TorchTensor) throws -> TorchTensor { try drawings.narrowed(0, from: 0, length: count) }

    func equivariance(_ drawings: TorchTensor) throws -> TorchTensor {
        try EquivarianceLoss()(
            drawnOfMoved: drawings.narrowed(0, from: count, length: count),
            movedDrawing: motion.applied(to: plain(drawings)))
    }

    func diversity(_ drawings: TorchTensor) throws -> TorchTensor {
        let start = 2 * count
        return try DiversityLoss()(
            drawings.narrowed(0, from: 0, length: diverse), drawings.narrowed(0, from: start, length: diverse),
            codes: (codes.narrowed(0, from: 0, length: diverse), codes.narrowed(0, from: start, length: diverse)))
    }

    /// N(0, 1), and zero for half of the pictures: the canonical look is practised most.
    private static func codes(_ count: Int, _ plan: TrainingPlan, _ torch: Torch) throws -> TorchTensor {
        let codes = try TorchTensor.normal([count, plan.generator.styleDimensions], torch)
        let chosen = try TorchTensor.uniform([count, 1], torch).values().map { $0 < 0.5 ? Float(0) : 1 }
        return try codes * .floats(chosen, shape: [count, 1], torch)
    }
}

/// Art whose edges are blurred and the rest left as it is (CartoonGAN, Chen, Lai & Liu, CVPR 2018, §3.2.1): a negative for
/// the discriminator. Where the papers dilate Canny's edges, a soft mask of the gradient's size does the same here.
struct EdgeBlur {
    let kernel: Kernel

    /// [N, 3, H, W] on −1…1.
    func applied(to art: TorchTensor) throws -> TorchTensor {
        let luma = try ColorLoss.luma(art)
        let across = try luma.padded(1, .replicate)
        let shape = luma.shape
        func shifted(_ dy: Int, _ dx: Int) throws -> TorchTensor {
            try across.narrowed(2, from: 1 + dy, length: shape[2]).narrowed(3, from: 1 + dx, length: shape[3])
        }
        let slope = try (shifted(0, 1) - shifted(0, -1)).absolute() + (shifted(1, 0) - shifted(-1, 0)).absolute()
        let mask = try (kernel.applied(to: slope.atMost(1)) * 8 - 0.5).clamped(0, 1)
        let blurred = try kernel.applied(to: kernel.applied(to: kernel.applied(to: art)))
        return try art + mask * (blurred - art)
    }
}
