internal import Foundation
internal import Frames

/// A network from elsewhere, inspected: one picture in, one picture of the same size out.
struct ForeignNetwork: Codable, Sendable {
    /// What sizes of picture it takes.
    enum Sizes: Equatable, Codable, Sendable {
        /// Any whose sides are multiples of this.
        case multiples(of: Int)
        /// This one alone.
        case fixed(width: Int, height: Int)
    }

    let inputLayout: ImageLayout
    let outputLayout: ImageLayout
    /// Which of the network's outputs is the drawing.
    let output: Int
    let sizes: Sizes
    /// Whether the input takes 8-bit levels, so that its range is no question.
    let takesBytes: Bool

    private static let multiples = [8, 16, 32, 64]
    private static let expectation =
        "expected one input, a picture of 3 channels, and an output of the same size with 3 channels"

    /// Reads the file and finds out its layout and sizes.
    ///
    /// - Throws: `.data` where it is no such network, saying what was found.
    init(_ file: ForeignNetworkFile) throws {
        let model = try file.read()
        let inputs = try model.inputs()
        guard inputs.count == 1, let input = inputs.first else {
            throw Self.refusal(file, "found \(inputs.count) inputs (\(Self.list(inputs)))")
        }
        let lengths = input.lengths ?? Array(repeating: .open, count: 4)
        let layouts = ImageLayout.candidates(lengths)
        guard !layouts.isEmpty, input.holdsColours else { throw Self.refusal(file, "found input \(Self.list(inputs))") }
        takesBytes = input.holdsBytes
        for layout in layouts {
            if let found = try Self.sizes(of: file, layout, lengths) {
                (inputLayout, outputLayout, output, sizes) = (layout, found.layout, found.output, found.sizes)
                return
            }
        }
        throw Self.refusal(
            file, "found input \(Self.list(inputs)) and output \(Self.list((try? model.outputs()) ?? []))")
    }

    /// The least multiple for which the output is as large as the input, tried on sides that are odd multiples; where
    /// the network cannot be reshaped, the size it has.
    private static func sizes(
        of file: ForeignNetworkFile, _ layout: ImageLayout, _ lengths: [NetworkModel.Length]
    ) throws -> (layout: ImageLayout, output: Int, sizes: Sizes)? {
        for multiple in multiples {
            // Odd multiples of the multiple, about 100 pixels long: large enough for reflected borders.
            let odd = max(3, 104 / multiple | 1)
            let (width, height) = (multiple * (odd + 2), multiple * odd)
            if let found = try drawing(of: file.read(), layout, width, height) {
                return (found.layout, found.output, .multiples(of: multiple))
            }
        }
        if case (.fixed(let width), .fixed(let height)) = layout.size(of: lengths),
            let found = try drawing(of: file.read(), layout, width, height)
        {
            return (found.layout, found.output, .fixed(width: width, height: height))
        }
        return nil
    }

    /// The output that is a picture of the input's size once the input has this size.
    private static func drawing(
        of model: NetworkModel, _ layout: ImageLayout, _ width: Int, _ height: Int
    ) throws -> (layout: ImageLayout, output: Int)? {
        guard (try? model.reshape(layout.shape(width: width, height: height))) != nil else { return nil }
        for (index, output) in try model.outputs().enumerated() where output.holdsColours {
            // The same layout as the input's first: it is what such networks have.
            for candidate in [layout, layout == .nhwc ? .nchw : .nhwc]
            where output.lengths == candidate.shape(width: width, height: height).map({ .fixed($0) }) {
                return (candidate, index)
            }
        }
        return nil
    }

    private static func refusal(_ file: ForeignNetworkFile, _ found: String) -> SakugaError {
        SakugaError(.data, "cannot use network '\(file.url.path)': \(expectation); \(found)")
    }

    private static func list(_ ports: [NetworkModel.Port]) -> String {
        ports.map { port in
            "'\(port.name)' "
                + (port.lengths.map { "[" + $0.map(\.description).joined(separator: ", ") + "]" } ?? "of open shape")
        }.joined(separator: ", ")
    }
}
