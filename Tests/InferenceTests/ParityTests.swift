import Foundation
import Frames
import Model
import Testing

@testable import Inference

/// The seed preset beside the checkout, where it is there.
enum SharedFolder {
    static let url: URL = {
        if let path = ProcessInfo.processInfo.environment["SAKUGA_SHARED"] { return URL(fileURLWithPath: path) }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
    }()
    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: url.appendingPathComponent(path).path)
    }
}

@Suite(
    "Parity with an independent implementation",
    .enabled(if: SharedFolder.has("seed-preset/reference.safetensors"), "no ../shared folder with reference tensors"))
struct ParityTests {
    static let folders = ["seed-preset", "seed-preset/random"]

    @Test("f32 with float edges is within 1e-4 of the reference", arguments: folders, ["z0", "z1"])
    func floatEdgesMatch(folder: String, style: String) throws {
        let reference = try Reference(folder)
        let drawn = try reference.draw(style, .f32)
        let expected = reference.cropped("output_\(style)")
        let worst = zip(drawn, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 1e-4)
    }

    @Test("8-bit edges are within one level of the reference", arguments: folders, ["z0", "z1"])
    func byteEdgesMatch(folder: String, style: String) throws {
        let reference = try Reference(folder)
        // The reference's input is not a whole number of levels: compare with our own float network on the
        // rounded picture, which the test above ties to the reference.
        let levels = reference.levels
        let drawn = try reference.draw(style, .f32, levels.map { Float($0) / 127.5 - 1 })
        let bytes = try reference.drawBytes(style, .f32, levels)
        for (byte, value) in zip(bytes, drawn) {
            let expected = ((value + 1) * 127.5).rounded(.toNearestOrEven)
            #expect(abs(Float(byte) - expected) <= 1)
        }
    }

    @Test("bf16 is at least 50 dB close to f32", arguments: folders, ["z0", "z1"])
    func bf16IsClose(folder: String, style: String) throws {
        let reference = try Reference(folder)
        let f32 = try reference.draw(style, .f32)
        let bf16 = try reference.draw(style, .bf16)
        let error = zip(f32, bf16).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) } / Double(f32.count)
        let decibels = 10 * log10(4 / error)
        print("bf16 against f32, float edges, \(folder) \(style): \(decibels) dB")
        #expect(decibels >= 50)
    }
}

/// Reference tensors of a preset folder, and the network run on them.
private struct Reference {
    let preset: Preset
    let weights: GeneratorWeights
    let tensors: [String: Tensor]
    let width: Int
    let height: Int

    init(_ folder: String) throws {
        let url = SharedFolder.url.appendingPathComponent(folder)
        preset = try Preset(folder: url)
        weights = try preset.weights(of: preset.size())
        tensors = try Safetensors(contentsOf: url.appendingPathComponent("reference.safetensors")).tensors
        let shape = try #require(tensors["input"]).shape
        (height, width) = (shape[2], shape[3])
    }

    var description: GeneratorDescription { weights.description }
    var paddedWidth: Int { description.padded(width) }
    var paddedHeight: Int { description.padded(height) }

    func cropped(_ name: String) -> [Float] { tensors[name]?.values ?? [] }

    /// The input as interleaved 8-bit levels.
    var levels: [UInt8] {
        let planes = cropped("input")
        return (0..<height * width * 3).map { index in
            let (pixel, channel) = (index / 3, index % 3)
            return UInt8(((planes[channel * width * height + pixel] + 1) * 127.5).rounded().clamped(to: 0...255))
        }
    }

    private func request(_ style: String, _ precision: InferenceOptions.Precision, _ edges: GeneratorGraph.Edges) throws
        -> InferenceRequest
    {
        let code = StyleCode(values: cropped(style))
        let graph = GeneratorGraph.encoded(weights, style: code, width: paddedWidth, height: paddedHeight, edges: edges)
        let engine = try Engine(InferenceOptions(device: "CPU", precision: precision))
        return try engine.network(onnx: graph).makeRequest()
    }

    /// Draws with float edges: planes in, planes out. `interleaved` levels on −1…1 replace the reference's input, and
    /// the result is interleaved too.
    func draw(_ style: String, _ precision: InferenceOptions.Precision, _ interleaved: [Float]? = nil) throws -> [Float]
    {
        var input = [Float](repeating: 0, count: 3 * paddedWidth * paddedHeight)
        var output = input
        let planes = cropped("input")
        for channel in 0..<3 {
            for y in 0..<paddedHeight {
                for x in 0..<paddedWidth {
                    let (row, column) = (min(y, height - 1), min(x, width - 1))
                    let value =
                        interleaved.map { $0[(row * width + column) * 3 + channel] }
                        ?? planes[(channel * height + row) * width + column]
                    input[(channel * paddedHeight + y) * paddedWidth + x] = value
                }
            }
        }
        let shape = [1, 3, paddedHeight, paddedWidth]
        let request = try request(style, precision, .float)
        try input.withUnsafeMutableBytes { source in
            try output.withUnsafeMutableBytes { target in
                try request.run(
                    .float32, source.baseAddress!, shape: shape, into: .float32, target.baseAddress!, shape: shape)
            }
        }
        var cropped: [Float] = []
        if interleaved == nil {
            for channel in 0..<3 {
                for y in 0..<height {
                    let row = (channel * paddedHeight + y) * paddedWidth
                    cropped += output[row..<row + width]
                }
            }
        } else {
            for y in 0..<height {
                for x in 0..<width {
                    for channel in 0..<3 { cropped.append(output[(channel * paddedHeight + y) * paddedWidth + x]) }
                }
            }
        }
        return cropped
    }

    /// Draws with 8-bit edges, interleaved in and out.
    func drawBytes(_ style: String, _ precision: InferenceOptions.Precision, _ levels: [UInt8]) throws -> [UInt8] {
        let pool = FramePool(width: width, height: height, alignment: description.alignment)
        let (input, output) = (pool.makeBuffer(), pool.makeBuffer())
        for y in 0..<paddedHeight {
            for x in 0..<paddedWidth * 3 {
                let (row, column) = (min(y, height - 1), min(x / 3, width - 1))
                input.bytes[y * input.stride + x] = levels[(row * width + column) * 3 + x % 3]
            }
        }
        let shape = [1, paddedHeight, paddedWidth, 3]
        try request(style, precision, .bytes).run(
            .uint8, input.bytes, shape: shape, into: .uint8, output.bytes, shape: shape)
        return (0..<height).flatMap { y in (0..<width * 3).map { output.bytes[y * output.stride + $0] } }
    }
}

extension Comparable {
    fileprivate func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
