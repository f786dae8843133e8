/// What the first numbers of a style code mean while a generator learns to draw, so that different codes give different
/// but plausible drawings from the start: temperature, saturation, brightness and ink. The others find a meaning of their
/// own through the diversity loss.
package struct StyleGrading: Codable, Sendable, Equatable {
    /// How dark lines are at `z = 0`, 0…1.
    package var ink = 0.5
    /// Factor on colourfulness at `z = 0`.
    package var saturation = 1.15
    /// Exponent on brightness at `z = 0`, below 1 is lighter.
    package var gamma = 0.9
    /// Factor on the distance to mid-grey, for every look.
    package var contrast = 1.0
    /// What the codes change at most: a share of red against blue, factors' logarithms, and a share of the ink.
    package var temperatureRange = 0.12
    package var saturationRange = 0.35
    package var gammaRange = 0.3
    package var inkRange = 0.7

    package init() {}

    /// Leaves pictures as they are at `z = 0`.
    package static let neutral: StyleGrading = {
        var grading = StyleGrading()
        (grading.ink, grading.saturation, grading.gamma) = (0, 1, 1)
        return grading
    }()

    /// The target of reconstruction: flat regions and lines put together as the codes say. `flat` is [N, 3, H, W] on −1…1,
    /// `lines` [N, 1, H, W] on 0…1, `codes` [N, D] with D ≥ 4; the result is on −1…1.
    func target(flat: TorchTensor, lines: TorchTensor, codes: TorchTensor) throws -> TorchTensor {
        let count = codes.shape[0]
        func dial(_ index: Int) throws -> TorchTensor {
            try codes.narrowed(1, from: index, length: 1).reshaped([count, 1, 1, 1]).hyperbolicTangent()
        }
        var color = try (flat * 0.5 + 0.5).clamped(1e-4, 1)
        let exponent = try (dial(2) * -gammaRange).exponential() * gamma
        color = try (color.logarithm() * exponent).exponential()
        let grey = try ColorLoss.luma(color)
        color = try grey + (color - grey) * ((dial(1) * saturationRange).exponential() * saturation)
        let warmth = try dial(0) * temperatureRange
        let balance = try TorchTensor.floats([1, 0, -1], shape: [1, 3, 1, 1], flat.torch)
        color = try (color * (warmth * balance + 1) - 0.5) * contrast + 0.5
        let darkness = try (dial(3) * inkRange + 1) * ink
        color = try color.clamped(0, 1) * (1 - lines * darkness)
        return try color.clamped(0, 1) * 2 - 1
    }
}
