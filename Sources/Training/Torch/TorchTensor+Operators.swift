internal import CTorch

/// Operators as formulas use them: `try (a - b).absolute().mean()`. Each throws what libtorch says, with the shapes.
extension TorchTensor {
    static func + (a: TorchTensor, b: TorchTensor) throws -> TorchTensor { try a.binary(ctorch_add, b, "+") }
    static func - (a: TorchTensor, b: TorchTensor) throws -> TorchTensor { try a.binary(ctorch_subtract, b, "-") }
    static func * (a: TorchTensor, b: TorchTensor) throws -> TorchTensor { try a.binary(ctorch_multiply, b, "*") }
    static func / (a: TorchTensor, b: TorchTensor) throws -> TorchTensor { try a.binary(ctorch_divide, b, "/") }
    static func + (a: TorchTensor, b: Double) throws -> TorchTensor { try a.scalar(ctorch_add_number, b) }
    static func - (a: TorchTensor, b: Double) throws -> TorchTensor { try a.scalar(ctorch_add_number, -b) }
    static func * (a: TorchTensor, b: Double) throws -> TorchTensor { try a.scalar(ctorch_multiply_number, b) }
    static func / (a: TorchTensor, b: Double) throws -> TorchTensor { try a.scalar(ctorch_multiply_number, 1 / b) }
    static func - (a: Double, b: TorchTensor) throws -> TorchTensor { try -b + a }
    static prefix func - (a: TorchTensor) throws -> TorchTensor { try a.unary(ctorch_negative) }

    func maximum(_ other: TorchTensor) throws -> TorchTensor { try binary(ctorch_maximum, other, "maximum") }
    func minimum(_ other: TorchTensor) throws -> TorchTensor { try binary(ctorch_minimum, other, "minimum") }
    /// Of the last two dimensions.
    func matrixProduct(_ other: TorchTensor) throws -> TorchTensor {
        try binary(ctorch_matrix_product, other, "matmul")
    }

    func absolute() throws -> TorchTensor { try unary(ctorch_absolute) }
    func squared() throws -> TorchTensor { try unary(ctorch_square) }
    func squareRoot() throws -> TorchTensor { try unary(ctorch_square_root) }
    func exponential() throws -> TorchTensor { try unary(ctorch_exponential) }
    func logarithm() throws -> TorchTensor { try unary(ctorch_logarithm) }
    func hyperbolicTangent() throws -> TorchTensor { try unary(ctorch_hyperbolic_tangent) }
    func relu() throws -> TorchTensor { try unary(ctorch_relu) }
    /// The same numbers, cut off from what they were computed from.
    func detached() throws -> TorchTensor { try unary(ctorch_detach) }
    /// A copy of the numbers, cut off as well.
    func cloned() throws -> TorchTensor { try unary(ctorch_clone) }
    /// The layout that convolutions run fastest in.
    func channelsLast() throws -> TorchTensor { try unary(ctorch_channels_last) }
    func float32() throws -> TorchTensor { try unary(ctorch_float32) }

    func power(_ exponent: Double) throws -> TorchTensor { try scalar(ctorch_power, exponent) }
    func leakyReLU(_ slope: Double) throws -> TorchTensor { try scalar(ctorch_leaky_relu, slope) }
    func atLeast(_ bound: Double) throws -> TorchTensor { try scalar(ctorch_at_least, bound) }
    func atMost(_ bound: Double) throws -> TorchTensor { try scalar(ctorch_at_most, bound) }
    func clamped(_ low: Double, _ high: Double) throws -> TorchTensor { try atLeast(low).atMost(high) }

    /// Over `dimensions`, or over everything; in float32.
    func sum(over dimensions: [Int] = [], keep: Bool = false) throws -> TorchTensor {
        try reduce(ctorch_sum, dimensions, keep)
    }
    func mean(over dimensions: [Int] = [], keep: Bool = false) throws -> TorchTensor {
        try reduce(ctorch_mean, dimensions, keep)
    }

    func reshaped(_ shape: [Int]) throws -> TorchTensor {
        try torch.check(
            torch.functions.reshape(handle, shape.map(Int64.init), Int32(shape.count)),
            "cannot reshape \(self.shape) to \(shape)")
    }
    func permuted(_ order: [Int]) throws -> TorchTensor {
        try torch.check(
            torch.functions.permute(handle, order.map(Int64.init), Int32(order.count)),
            "cannot reorder \(shape) as \(order)")
    }
    /// `length` entries of one dimension, from `start` on.
    func narrowed(_ dimension: Int, from start: Int, length: Int) throws -> TorchTensor {
        try torch.check(
            torch.functions.narrow(handle, Int64(dimension), Int64(start), Int64(length)),
            "cannot take \(length) from \(start) of dimension \(dimension) of \(shape)")
    }
    static func concatenated(_ tensors: [TorchTensor], along dimension: Int) throws -> TorchTensor {
        let torch = tensors[0].torch
        return try tensors.withHandles { handles, count in
            try torch.check(
                torch.functions.concatenate(handles, count, Int64(dimension)),
                "cannot join tensors along dimension \(dimension)")
        }
    }

    func convolved(_ weight: TorchTensor, _ bias: TorchTensor?, stride: Int = 1, padding: Int) throws -> TorchTensor {
        try torch.check(
            torch.functions.convolution(handle, weight.handle, bias?.handle, Int64(stride), Int64(padding)),
            "cannot convolve \(shape) with \(weight.shape)")
    }
    func maxPooled(_ size: Int) throws -> TorchTensor {
        try torch.check(torch.functions.max_pool(handle, Int64(size)), "cannot pool \(shape)")
    }
    func averagePooled(_ size: Int) throws -> TorchTensor {
        try torch.check(torch.functions.average_pool(handle, Int64(size)), "cannot pool \(shape)")
    }
    /// Bilinear with half-pixel centres.
    func resized(height: Int, width: Int) throws -> TorchTensor {
        try torch.check(
            torch.functions.resize(handle, Int64(height), Int64(width)), "cannot resize \(shape) to \(width)x\(height)")
    }
    func pixelShuffled(_ factor: Int) throws -> TorchTensor {
        try torch.check(torch.functions.pixel_shuffle(handle, Int64(factor)), "cannot shuffle \(shape)")
    }
    func pixelUnshuffled(_ factor: Int) throws -> TorchTensor {
        try torch.check(torch.functions.pixel_unshuffle(handle, Int64(factor)), "cannot unshuffle \(shape)")
    }

    enum Padding: Int32 {
        case constant, reflect, replicate, circular
    }
    func padded(_ size: Int, _ mode: Padding) throws -> TorchTensor {
        try torch.check(
            torch.functions.pad(handle, Int64(size), Int64(size), Int64(size), Int64(size), mode.rawValue),
            "cannot pad \(shape) by \(size)")
    }
    /// Takes `margin` pixels off on every side of [N, C, H, W].
    func cropped(_ margin: Int) throws -> TorchTensor {
        guard margin > 0 else { return self }
        let shape = shape
        return try narrowed(2, from: margin, length: shape[2] - 2 * margin)
            .narrowed(3, from: margin, length: shape[3] - 2 * margin)
    }
    /// Samples [N, C, H, W] at `grid` [N, h, w, 2] in −1…1, bilinear, edges repeated.
    func sampled(at grid: TorchTensor) throws -> TorchTensor {
        try torch.check(torch.functions.sample(handle, grid.handle), "cannot sample \(shape) at \(grid.shape)")
    }

    private func unary(_ operation: ctorch_unary) throws -> TorchTensor {
        try torch.check(torch.functions.unary(Int32(operation.rawValue), handle), "cannot compute with \(shape)")
    }
    private func binary(_ operation: ctorch_binary, _ other: TorchTensor, _ name: String) throws -> TorchTensor {
        try torch.check(
            torch.functions.binary(Int32(operation.rawValue), handle, other.handle),
            "cannot compute \(shape) \(name) \(other.shape)")
    }
    private func scalar(_ operation: ctorch_scalar, _ number: Double) throws -> TorchTensor {
        try torch.check(
            torch.functions.scalar(Int32(operation.rawValue), handle, number), "cannot compute with \(shape)")
    }
    private func reduce(_ operation: ctorch_reduction, _ dimensions: [Int], _ keep: Bool) throws -> TorchTensor {
        try torch.check(
            torch.functions.reduce(
                Int32(operation.rawValue), handle, dimensions.map(Int64.init), Int32(dimensions.count), keep ? 1 : 0),
            "cannot reduce \(shape) over \(dimensions)")
    }
}
