internal import Foundation
internal import Frames
internal import Model

/// A network from elsewhere, inspected: one picture in, one picture of the same size out.
struct ForeignNetwork {
    /// Where the network is read from.
    private struct Source {
        let file: URL
        /// The file without needless transpositions, where it had some.
        let rewritten: Data?
        let core: InferenceCore

        func read() throws -> NetworkModel {
            if let rewritten, let model = try? core.read(onnx: rewritten) { return model }
            return try core.read(file: file)
        }
    }

    /// What sizes of picture it takes.
    enum Sizes: Equatable {
        /// Any whose sides are multiples of this.
        case multiples(of: Int)
        /// This one alone.
        case fixed(width: Int, height: Int)
    }

    let file: URL
    let inputLayout: ImageLayout
    let outputLayout: ImageLayout
    /// Which of the network's outputs is the drawing.
    let output: Int
    let sizes: Sizes
    /// Whether the input takes 8-bit levels, so that its range is no question.
    let takesBytes: Bool
    private let source: Source

    private static let largestRewritten = 256 << 20
    private static let extensions = ["onnx", "pb", "tflite"]
    private static let multiples = [8, 16, 32, 64]
    private static let expectation =
        "expected one input, a picture of 3 channels, and an output of the same size with 3 channels"

    /// Reads the file and finds out its layout and sizes.
    ///
    /// - Throws: `.noInput` where there is no file, `.data` where it is no such network, saying what was found.
    init(_ file: URL, on core: InferenceCore) throws {
        self.file = file
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw SakugaError(
                .noInput,
                "cannot open network '\(file.path)': \(isFolder.boolValue ? "it is a folder" : "no such file")",
                hint: "check the path")
        }
        guard Self.extensions.contains(file.pathExtension.lowercased()) else {
            throw SakugaError(
                .data, "cannot use network '\(file.path)': expected a file in .onnx, .pb or .tflite format")
        }
        try NetworkFileOutline.check(file)
        source = Source(file: file, rewritten: Self.rewritten(file), core: core)
        let model = try source.read()
        let inputs = try model.inputs()
        guard inputs.count == 1, let input = inputs.first else {
            throw Self.refusal(file, "found \(inputs.count) inputs (\(Self.list(inputs)))")
        }
        let lengths = input.lengths ?? Array(repeating: .open, count: 4)
        let layouts = ImageLayout.candidates(lengths)
        guard !layouts.isEmpty, input.holdsColours else { throw Self.refusal(file, "found input \(Self.list(inputs))") }
        takesBytes = input.holdsBytes
        for layout in layouts {
            if let found = try Self.sizes(of: source, layout, lengths) {
                (inputLayout, outputLayout, output, sizes) = (layout, found.layout, found.output, found.sizes)
                return
            }
        }
        throw Self.refusal(
            file, "found input \(Self.list(inputs)) and output \(Self.list((try? model.outputs()) ?? []))")
    }

    /// Reads the network for pictures of `width`×`height` pixels.
    func model(width: Int, height: Int) throws -> NetworkModel {
        let model = try source.read()
        try model.reshape(inputLayout.shape(width: width, height: height))
        return model
    }

    private static func rewritten(_ file: URL) -> Data? {
        guard file.pathExtension.lowercased() == "onnx",
            let size = try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize, size <= largestRewritten,
            let data = try? Data(contentsOf: file)
        else { return nil }
        return TransposeSinking.sunk(data)
    }

    /// The least multiple for which the output is as large as the input, tried on sides that are odd multiples; where
    /// the network cannot be reshaped, the size it has.
    private static func sizes(
        of source: Source, _ layout: ImageLayout, _ lengths: [NetworkModel.Length]
    ) throws -> (layout: ImageLayout, output: Int, sizes: Sizes)? {
        for multiple in multiples {
            // Odd multiples of the multiple, about 100 pixels long: large enough for reflected borders.
            let odd = max(3, 104 / multiple | 1)
            let (width, height) = (multiple * (odd + 2), multiple * odd)
            if let found = try drawing(of: source.read(), layout, width, height) {
                return (found.layout, found.output, .multiples(of: multiple))
            }
        }
        if case (.fixed(let width), .fixed(let height)) = layout.size(of: lengths),
            let found = try drawing(of: source.read(), layout, width, height)
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

    private static func refusal(_ file: URL, _ found: String) -> SakugaError {
        SakugaError(.data, "cannot use network '\(file.path)': \(expectation); \(found)")
    }

    private static func list(_ ports: [NetworkModel.Port]) -> String {
        ports.map { port in
            "'\(port.name)' "
                + (port.lengths.map { "[" + $0.map(\.description).joined(separator: ", ") + "]" } ?? "of open shape")
        }.joined(separator: ", ")
    }
}
