/// The convolutional part of VGG16 (Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
/// Recognition", ICLR 2015, table 1, column D): five blocks of 3×3 convolutions with zero padding 1 and ReLU, 2×2 max
/// pooling between blocks.
///
/// Pictures come in as BGR on 0…255 less the mean of each channel.
package struct VGGDescription: Sendable, Equatable {
    /// One convolution, followed by ReLU.
    package struct Convolution: Sendable, Equatable {
        /// From 1 to 5; the block works at 1/2^(block − 1) of the picture's sides.
        package let block: Int
        /// From 1 within the block.
        package let number: Int
        package let inputs: Int
        package let outputs: Int

        /// Prefix of the tensors, such as `conv3_2`.
        package var name: String { "conv\(block)_\(number)" }
    }

    /// Where features are looked at: after the last ReLU of each of the first four blocks, as in Johnson et al.,
    /// "Perceptual Losses for Real-Time Style Transfer", ECCV 2016.
    package enum Feature: String, Sendable, CaseIterable {
        case relu12 = "relu1_2"
        case relu22 = "relu2_2"
        case relu33 = "relu3_3"
        case relu43 = "relu4_3"

        var convolution: String { "conv" + rawValue.dropFirst("relu".count) }
    }

    /// Channels of the five blocks: 64, 128, 256, 512, 512; others for tests.
    package let widths: [Int]

    package static let vgg16 = VGGDescription(widths: [64, 128, 256, 512, 512])
    /// Means of blue, green and red in levels: those that the weights `make vgg` fetches were trained with.
    package static let mean: [Float] = [104.00699, 116.66877, 122.67892]

    private static let depths = [2, 2, 3, 3, 3]

    package init(widths: [Int]) {
        precondition(widths.count == Self.depths.count)
        self.widths = widths
    }

    /// All thirteen convolutions in running order.
    package var convolutions: [Convolution] {
        var inputs = 3
        return zip(widths, Self.depths).enumerated().flatMap { block, size in
            (1...size.1).map { number in
                defer { inputs = size.0 }
                return Convolution(block: block + 1, number: number, inputs: inputs, outputs: size.0)
            }
        }
    }

    /// The convolution whose ReLU gives `feature`.
    package func convolution(of feature: Feature) -> Convolution {
        guard let found = convolutions.first(where: { $0.name == feature.convolution }) else {
            preconditionFailure("every feature is one of the thirteen")
        }
        return found
    }

    /// Shape of a feature for a picture of `width`×`height` pixels: channels, height, width.
    package func shape(of feature: Feature, width: Int, height: Int) -> (channels: Int, height: Int, width: Int) {
        let convolution = convolution(of: feature)
        return (convolution.outputs, height >> (convolution.block - 1), width >> (convolution.block - 1))
    }
}
