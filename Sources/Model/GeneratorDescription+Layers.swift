/// The U spelled out as layers, and what can be computed from them.
extension GeneratorDescription {
    /// The network in running order; the last layer makes the drawing, 3 channels, before it is clamped to −1…1.
    package var layers: [Layer] {
        let scales = scales
        var u = UNetwork()
        let isShuffled = scales.first != .full
        if isShuffled { u.append("unshuffle", .unshuffle, from: [Layer.picture], channels: (3, 12), reduction: 2) }
        let (picture, colors, finest) = (u.last, isShuffled ? 12 : 3, isShuffled ? 2 : 1)
        var skips: [String] = []
        for (index, scale) in scales.enumerated() {
            let width = widths[scale] ?? 0
            let name = index == 0 ? "stem" : "down\(index)"
            u.convolve(
                name, from: u.last, channels: (index == 0 ? colors : widths[scales[index - 1]] ?? 0, width),
                stride: index == 0 ? 1 : 2, reduction: scale.reduction)
            for block in 0..<(residualBlocks[scale] ?? 0) {
                u.appendResidualBlock("residual.\(scale.rawValue).\(block)", width: width, reduction: scale.reduction)
            }
            skips.append(u.last)
        }
        for index in stride(from: scales.count - 1, to: 0, by: -1) {
            let (from, to) = (scales[index], scales[index - 1])
            let (wide, narrow) = (widths[from] ?? 0, widths[to] ?? 0)
            u.append(
                "up\(index).upsample", .upsample, from: [u.last], channels: (wide, wide), reduction: to.reduction)
            u.convolve("up\(index)", from: u.last, channels: (wide, narrow), reduction: to.reduction)
            u.append(
                "up\(index).add", .add, from: [skips[index - 1], u.last], channels: (narrow, narrow),
                reduction: to.reduction)
            for block in 0..<(decoderBlocks[to] ?? 0) {
                u.appendResidualBlock("decoder.\(to.rawValue).\(block)", width: narrow, reduction: to.reduction)
            }
        }
        u.append(
            "out", .convolution(stride: 1, modulated: false, activated: false), from: [u.last],
            channels: (scales.first.flatMap { widths[$0] } ?? 0, colors), reduction: finest)
        if pictureSkip {
            u.append("out.add", .add, from: [picture, u.last], channels: (colors, colors), reduction: finest)
        }
        if isShuffled { u.append("shuffle", .shuffle, from: [u.last], channels: (12, 3), reduction: 1) }
        return u.layers
    }

    /// Every tensor of the weights file with its shape.
    package var parameters: [Layer.Parameter] {
        var parameters: [Layer.Parameter] = []
        var width = styleDimensions
        for (index, next) in mapping.enumerated() {
            parameters += [
                .init(name: "mapping.\(index).weight", shape: [next, width]),
                .init(name: "mapping.\(index).bias", shape: [next]),
            ]
            width = next
        }
        return parameters + layers.flatMap { $0.parameters(styleWidth: width) }
    }

    /// Numbers to be learned, the style module's among them.
    package var parameterCount: Int {
        parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    /// Multiply–accumulate operations of the convolutions for one frame of `width`×`height` pixels, in units of 10⁹.
    package func gigaMACs(width: Int, height: Int) -> Double {
        let (paddedWidth, paddedHeight) = (padded(width), padded(height))
        return layers.reduce(0) { sum, layer in
            guard case .convolution = layer.operation else { return sum }
            let pixels = Double(paddedWidth / layer.reduction) * Double(paddedHeight / layer.reduction)
            let kernel = Layer.kernelSide * Layer.kernelSide * layer.inputChannels * layer.outputChannels
            return sum + pixels * Double(kernel) * 1e-9
        }
    }

    /// `side` rounded up to a multiple of `alignment`.
    package func padded(_ side: Int) -> Int { (side + alignment - 1) / alignment * alignment }

    /// How far a pixel of the drawing looks into the picture, in pixels to each side, rounded up to whole cells of the
    /// coarsest scale. Two pictures that agree this far around a pixel have the same drawing there, bit for bit.
    ///
    /// A cell of a tensor at reduction r covers r×r pixels. Followed backwards from the drawing, with the reach counted
    /// to the far side of the cells read: a 3×3 convolution, also with stride 2, and bilinear ×2 read one more cell of
    /// their input to either side at most, shuffling the rest of the cell a pixel lies in, unshuffling nothing more.
    package var receptiveRadius: Int {
        let layers = layers
        let reductions = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0.reduction) })
        var reach: [String: Int] = [:]
        for layer in layers.reversed() {
            for input in layer.inputs {
                let cell = reductions[input] ?? 1
                let further =
                    switch layer.operation {
                    case .convolution, .upsample: cell
                    case .shuffle: cell - 1
                    case .unshuffle, .add: 0
                    }
                reach[input] = max(reach[input] ?? 0, (reach[layer.name] ?? 0) + further)
            }
        }
        return padded(reach[Layer.picture] ?? 0)
    }

    /// The most numbers that are alive at once while a picture of `width`×`height` pixels is drawn: what a layer reads
    /// and makes, and what later layers still need.
    package func largestActivationCount(width: Int, height: Int) -> Int {
        let layers = layers
        var sizes = [Layer.picture: 0]
        var lastUse: [String: Int] = [:]
        for (index, layer) in layers.enumerated() {
            sizes[layer.name] =
                (padded(width) / layer.reduction) * (padded(height) / layer.reduction) * layer.outputChannels
            for input in layer.inputs { lastUse[input] = index }
        }
        var alive = 0
        var largest = 0
        for (index, layer) in layers.enumerated() {
            alive += sizes[layer.name] ?? 0
            largest = max(largest, alive)
            for input in Set(layer.inputs) where lastUse[input] == index { alive -= sizes[input] ?? 0 }
        }
        return largest
    }
}

/// The list of layers while it grows.
private struct UNetwork {
    var layers: [Layer] = []
    var last: String { layers.last?.name ?? Layer.picture }

    mutating func append(
        _ name: String, _ operation: Layer.Operation, from inputs: [String], channels: (Int, Int), reduction: Int
    ) {
        layers.append(
            Layer(
                name: name, operation: operation, inputs: inputs, inputChannels: channels.0,
                outputChannels: channels.1, reduction: reduction))
    }

    mutating func convolve(
        _ name: String, from input: String, channels: (Int, Int), stride: Int = 1, reduction: Int,
        activated: Bool = true
    ) {
        append(
            name, .convolution(stride: stride, modulated: true, activated: activated), from: [input],
            channels: channels, reduction: reduction)
    }

    /// h + M(second)(σ M(first)(h))
    mutating func appendResidualBlock(_ name: String, width: Int, reduction: Int) {
        let input = last
        convolve(name + ".first", from: input, channels: (width, width), reduction: reduction)
        convolve(name + ".second", from: last, channels: (width, width), reduction: reduction, activated: false)
        append(name + ".add", .add, from: [input, last], channels: (width, width), reduction: reduction)
    }
}
