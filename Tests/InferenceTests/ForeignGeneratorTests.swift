import Foundation
import Frames
import Model
import Testing

@testable import Inference

/// Networks as others distribute them, made by the tests: each lightens or keeps the picture in a known way.
enum ForeignNetworks {
    enum Layout { case nhwc, nchw }

    /// Inverts colours in its range: the drawing of level u is 255 − u, and clips to the range, as a last activation does.
    static func inverting(
        _ range: ModelRange, _ layout: Layout, width: ONNXGraph.Dimension = "width",
        height: ONNXGraph.Dimension = "height",
        downscaling: Int = 1, batch: ONNXGraph.Dimension = 1
    ) -> Data {
        var graph = ONNXGraph(name: "inverting")
        let shape: [ONNXGraph.Dimension] = layout == .nhwc ? [batch, height, width, 3] : [batch, 3, height, width]
        graph.addInput("picture", .float32, shape)
        graph.addOutput("drawing", .float32, shape)
        var last = "picture"
        if layout == .nhwc { last = graph.add("Transpose", [last], to: "planes", [("perm", .ints([0, 3, 1, 2]))]) }
        if downscaling > 1 {
            // Down by average pooling and up again by repetition, so that sides must be multiples; between them a
            // reflected border that is cut off again, which needs two pixels to reflect.
            let side = ONNXGraph.Attribute.ints([downscaling, downscaling])
            last = graph.add("AveragePool", [last], to: "small", [("kernel_shape", side), ("strides", side)])
            graph.addConstant("border", [0, 0, 1, 1, 0, 0, 1, 1])
            last = graph.add("Pad", [last, "border"], to: "bordered", [("mode", .string("reflect"))])
            graph.addConstant("starts", [1, 1])
            graph.addConstant("ends", [-1, -1])
            graph.addConstant("sides", [2, 3])
            last = graph.add("Slice", [last, "starts", "ends", "sides"], to: "inner")
            let scale = Float(downscaling)
            graph.addConstant("scales", shape: [4], [1, 1, scale, scale])
            last = graph.add("Resize", [last, "", "scales"], to: "large", [("mode", .string("nearest"))])
        }
        let (least, most): (Float, Float) =
            switch range {
            case .signed: (-1, 1)
            case .unit: (0, 1)
            case .bytes: (0, 255)
            }
        graph.addConstant("sum", shape: [1], [least + most])
        graph.addConstant("least", shape: [], [least])
        graph.addConstant("most", shape: [], [most])
        last = graph.add("Sub", ["sum", last], to: "inverted")
        last = graph.add("Clip", [last, "least", "most"], to: layout == .nhwc ? "clipped" : "drawing")
        if layout == .nhwc { graph.add("Transpose", [last], to: "drawing", [("perm", .ints([0, 2, 3, 1]))]) }
        return graph.encoded()
    }

    /// Brings colours to −1…1, changes contrast and brightness there, clips, and brings them back: what a trained network
    /// with its normalization inside does.
    static func restyling(
        _ range: ModelRange, _ layout: Layout, contrast: Float, brightness: Float,
        type: ONNXGraph.ElementType = .float32
    ) -> Data {
        var graph = ONNXGraph(name: "restyling")
        let shape: [ONNXGraph.Dimension] = layout == .nhwc ? [1, "height", "width", 3] : [1, 3, "height", "width"]
        graph.addInput("picture", type, shape)
        graph.addOutput("drawing", type, shape)
        let (scale, mean): (Float, Float) =
            switch range {
            case .signed: (1, 0)
            case .unit: (0.5, 0.5)
            case .bytes: (127.5, 127.5)
            }
        let constants = [
            ("scale", scale), ("mean", mean), ("contrast", contrast), ("brightness", brightness), ("least", -1),
            ("most", 1),
        ]
        for (name, value) in constants { graph.addConstant(name, shape: [], [value]) }
        graph.add("Cast", ["picture"], to: "numbers", [("to", .int(1))])
        graph.add("Sub", ["numbers", "mean"], to: "centred")
        graph.add("Div", ["centred", "scale"], to: "signed")
        graph.add("Mul", ["signed", "contrast"], to: "contrasted")
        graph.add("Add", ["contrasted", "brightness"], to: "brightened")
        graph.add("Clip", ["brightened", "least", "most"], to: "clipped")
        graph.add("Mul", ["clipped", "scale"], to: "scaled")
        graph.add("Add", ["scaled", "mean"], to: "moved")
        graph.add("Cast", ["moved"], to: "drawing", [("to", .int(Int(type.rawValue)))])
        return graph.encoded()
    }

    /// A network with the inputs and the output given, which adds up its inputs.
    static func adding(_ inputs: [[ONNXGraph.Dimension]], output: [ONNXGraph.Dimension]) -> Data {
        var graph = ONNXGraph(name: "adding")
        for (index, shape) in inputs.enumerated() { graph.addInput("input\(index)", .float32, shape) }
        graph.addOutput("sum", .float32, output)
        graph.add("Sum", inputs.indices.map { "input\($0)" }, to: "sum")
        return graph.encoded()
    }
}

@Suite("Foreign generator")
struct ForeignGeneratorTests {
    static let f32 = InferenceOptions(device: "CPU", precision: .f32, streams: 1)

    private func withFile<Result>(_ data: Data, _ ending: String = "onnx", _ body: (URL) throws -> Result) throws
        -> Result
    {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("net-\(UUID().uuidString).\(ending)")
        try data.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file)
    }

    @Test(
        "range and layout are found out, whatever the look", arguments: ModelRange.allCases,
        [(ForeignNetworks.Layout.nhwc, 1.2, 0.1), (.nchw, 0.8, -0.25), (.nhwc, 0.6, 0.3), (.nchw, 1.6, 0)]
            as [(ForeignNetworks.Layout, Float, Float)])
    func ranges(range: ModelRange, look: (layout: ForeignNetworks.Layout, contrast: Float, brightness: Float)) throws {
        let network = ForeignNetworks.restyling(
            range, look.layout, contrast: look.contrast, brightness: look.brightness)
        try withFile(network) { file in
            let generator = try ForeignGenerator(model: file, width: 70, height: 41, options: Self.f32)
            #expect(generator.inputRange == range)
            #expect(generator.outputRange == range)
            let picture = TestPictures.make(70, 41, alignment: generator.alignment)
            let drawing = try TestPictures.drawing(of: picture, by: generator)
            let expected = TestPictures.visible(picture).map { level in
                let restyled = (Float(level) / 127.5 - 1) * look.contrast + look.brightness
                return (min(1, max(-1, restyled)) + 1) * 127.5
            }
            #expect(zip(drawing, expected).allSatisfy { abs(Float($0) - $1) <= 1 })
        }
    }

    @Test("half-precision and 8-bit edges are taken as they are", arguments: [ONNXGraph.ElementType.float16, .uint8])
    func otherTypes(type: ONNXGraph.ElementType) throws {
        let range: ModelRange = type == .uint8 ? .bytes : .signed
        try withFile(ForeignNetworks.restyling(range, .nhwc, contrast: 1, brightness: 0, type: type)) { file in
            let generator = try ForeignGenerator(model: file, width: 64, height: 40, options: Self.f32)
            #expect(generator.inputRange == range && generator.outputRange == range)
            let picture = TestPictures.make(64, 40, alignment: generator.alignment)
            let drawing = try TestPictures.drawing(of: picture, by: generator)
            #expect(zip(drawing, TestPictures.visible(picture)).allSatisfy { abs(Int($1) - Int($0)) <= 1 })
        }
    }

    @Test("TensorFlow's frozen graphs and TensorFlow Lite files draw", arguments: ["pb", "tflite"])
    func tensorFlow(ending: String) throws {
        let isLite = ending == "tflite"
        try withFile(isLite ? TensorFlowFixtures.lite : TensorFlowFixtures.frozenGraph, ending) { file in
            let generator = try ForeignGenerator(model: file, range: .signed, width: 150, height: 90, options: Self.f32)
            #expect(generator.tileCount == (isLite ? 4 : 1))
            let picture = TestPictures.make(150, 90, alignment: generator.alignment)
            let drawing = try TestPictures.drawing(of: picture, by: generator)
            let worst = zip(drawing, TestPictures.visible(picture)).map { abs(255 - Int($1) - Int($0)) }.max() ?? 255
            #expect(worst <= (isLite ? 80 : 1))
        }
    }

    @Test("where memory is short a network draws on fewer streams, then in tiles")
    func shortMemory() throws {
        try withFile(ForeignNetworks.inverting(.signed, .nchw)) { file in
            var options = InferenceOptions(device: "CPU", precision: .f32, streams: 3)
            options.memoryLimit = 2 * 640 * 360 * 80 * 4
            let fewer = try ForeignGenerator(model: file, range: .signed, width: 640, height: 360, options: options)
            #expect(fewer.concurrency == 2 && fewer.tileCount == 1)
            options.memoryLimit = 400 * 360 * 80 * 4
            let tiled = try ForeignGenerator(model: file, range: .signed, width: 640, height: 360, options: options)
            #expect(tiled.concurrency == 1 && tiled.tileCount == 2)
            let picture = TestPictures.make(640, 360, alignment: tiled.alignment)
            let drawing = try TestPictures.drawing(of: picture, by: tiled)
            #expect(zip(drawing, TestPictures.visible(picture)).allSatisfy { abs(255 - Int($1) - Int($0)) <= 1 })
        }
    }

    @Test("a second start brings back the network and what was found out, and draws the same; damage is found out anew")
    func cached() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func entries() throws -> [String: Data] {
            let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            return try Dictionary(uniqueKeysWithValues: files.map { ($0.lastPathComponent, try Data(contentsOf: $0)) })
        }
        let options = InferenceOptions(device: "CPU", precision: .f32, streams: 1, cacheFolder: folder)
        func drawing(_ file: URL) throws -> [UInt8] {
            let generator = try ForeignGenerator(model: file, width: 70, height: 41, options: options)
            #expect(generator.inputRange == .unit && generator.outputRange == .unit && generator.alignment == 16)
            return try TestPictures.drawing(of: TestPictures.make(70, 41, alignment: 16), by: generator)
        }
        // Light and dark keep their places, so that the range can be found out.
        var graph = ONNXGraph(name: "blurring")
        graph.addInput("picture", .float32, [1, 3, "height", "width"])
        graph.addOutput("drawing", .float32, [1, 3, "height", "width"])
        let side = ONNXGraph.Attribute.ints([16, 16])
        graph.add("AveragePool", ["picture"], to: "small", [("kernel_shape", side), ("strides", side)])
        graph.addConstant("scales", shape: [4], [1, 1, 16, 16])
        graph.add("Resize", ["small", "", "scales"], to: "large", [("mode", .string("nearest"))])
        graph.addConstant("least", shape: [], [0])
        graph.addConstant("most", shape: [], [1])
        graph.add("Clip", ["large", "least", "most"], to: "drawing")
        try withFile(graph.encoded()) { file in
            let fresh = try drawing(file)
            let kept = try entries()
            #expect(kept.count == 3)
            #expect(try drawing(file) == fresh)
            #expect(try entries() == kept)
            for (name, data) in kept {
                var damaged = data
                damaged[data.count - 2] ^= 1
                try damaged.write(to: folder.appendingPathComponent(name))
            }
            #expect(try drawing(file) == fresh)
            #expect(try Set(entries().keys) == Set(kept.keys))
            // What names other files may change without the file: it is not kept.
            try (graph.encoded() + Data([0x1A, 8]) + Data("location".utf8)).write(to: file)
            #expect(try drawing(file) == fresh)
            #expect(try entries().count == kept.count)
        }
        try withFile(ForeignNetworks.inverting(.unit, .nchw)) { file in
            let other = try ForeignGenerator(model: file, range: .unit, width: 70, height: 41, options: options)
            #expect(other.alignment == 8)
        }
    }

    @Test("a range that is given is used", arguments: ModelRange.allCases, [ForeignNetworks.Layout.nhwc, .nchw])
    func givenRange(range: ModelRange, layout: ForeignNetworks.Layout) throws {
        try withFile(ForeignNetworks.inverting(range, layout)) { file in
            let generator = try ForeignGenerator(model: file, range: range, width: 70, height: 41, options: Self.f32)
            #expect(generator.inputRange == range && generator.outputRange == range)
            let picture = TestPictures.make(70, 41, alignment: generator.alignment)
            let drawing = try TestPictures.drawing(of: picture, by: generator)
            #expect(zip(drawing, TestPictures.visible(picture)).allSatisfy { abs(255 - Int($1) - Int($0)) <= 1 })
        }
    }

    @Test("the multiple that sides must have is found out", arguments: [(1, 8), (8, 8), (16, 16), (32, 32), (64, 64)])
    func multiples(downscaling: Int, multiple: Int) throws {
        let network = ForeignNetworks.inverting(.signed, .nhwc, downscaling: downscaling)
        try withFile(network) { file in
            let generator = try ForeignGenerator(model: file, range: .signed, width: 100, height: 50, options: Self.f32)
            #expect(generator.alignment == multiple)
            #expect(generator.tileCount == 1)
            _ = try TestPictures.drawing(of: TestPictures.make(100, 50, alignment: multiple), by: generator)
        }
    }

    @Test("pictures that shrink to less than a network can reflect are drawn with wider edges", arguments: [16, 40])
    func smallPictures(_ side: Int) throws {
        try withFile(ForeignNetworks.inverting(.signed, .nhwc, downscaling: 32)) { file in
            let generator = try ForeignGenerator(
                model: file, range: .signed, width: side, height: 200, options: Self.f32)
            let picture = TestPictures.make(side, 200, alignment: generator.alignment)
            for index in 0..<picture.byteCount { picture.bytes[index] = 90 }
            let drawing = try TestPictures.drawing(of: picture, by: generator)
            #expect(drawing.count == side * 200 * 3)
            #expect(drawing.allSatisfy { abs(165 - Int($0)) <= 1 })
        }
    }

    @Test("a network of fixed size is given the frame's size where it allows it")
    func reshaped() throws {
        try withFile(ForeignNetworks.inverting(.signed, .nchw, width: 256, height: 256, batch: 4)) { file in
            let generator = try ForeignGenerator(model: file, range: .signed, width: 70, height: 41, options: Self.f32)
            #expect(generator.tileCount == 1)
            let picture = TestPictures.make(70, 41, alignment: generator.alignment)
            let drawing = try TestPictures.drawing(of: picture, by: generator)
            #expect(zip(drawing, TestPictures.visible(picture)).allSatisfy { abs(255 - Int($1) - Int($0)) <= 1 })
        }
    }

    @Test(
        "a network that cannot be reshaped draws tiles, which are cross-faded",
        arguments: [(200, 150), (64, 48), (30, 20), (65, 200)])
    func fixedSize(size: (Int, Int)) throws {
        // A reshape to constant lengths holds the size fast.
        var graph = ONNXGraph(name: "fixed")
        graph.addInput("picture", .float32, [1, 48, 64, 3])
        graph.addOutput("drawing", .float32, [1, 48, 64, 3])
        graph.addConstant("flat", [1, 48 * 64 * 3])
        graph.addConstant("whole", [1, 48, 64, 3])
        graph.add("Reshape", ["picture", "flat"], to: "row")
        graph.add("Neg", ["row"], to: "negative")
        graph.add("Reshape", ["negative", "whole"], to: "drawing")
        try withFile(graph.encoded()) { file in
            let (width, height) = size
            let generator = try ForeignGenerator(
                model: file, range: .signed, width: width, height: height, options: Self.f32)
            #expect((generator.tileCount > 1) == (width > 64 || height > 48))
            let picture = TestPictures.make(width, height, alignment: generator.alignment)
            let drawing = try TestPictures.drawing(of: picture, by: generator)
            #expect(zip(drawing, TestPictures.visible(picture)).allSatisfy { abs(255 - Int($1) - Int($0)) <= 1 })
        }
    }

    @Test(
        "what is no such network is refused with what was expected and what was found",
        arguments: [
            (
                ForeignNetworks.adding([[1, 3, 64, 64], [1, 3, 64, 64]], output: [1, 3, 64, 64]),
                "found 2 inputs ('input0' [1, 3, 64, 64], 'input1' [1, 3, 64, 64])"
            ),
            (ForeignNetworks.adding([[1, 4, 64, 64]], output: [1, 4, 64, 64]), "found input 'input0' [1, 4, 64, 64]"),
            (ForeignNetworks.adding([[1, 1000]], output: [1, 1000]), "found input 'input0' [1, 1000]"),
        ])
    func refused(network: Data, found: String) throws {
        try withFile(network) { file in
            let error = #expect(throws: SakugaError.self) {
                try ForeignGenerator(model: file, width: 64, height: 64, options: Self.f32)
            }
            #expect(error?.code == .data)
            #expect(
                error?.message == "cannot use network '\(file.path)': expected one input, a picture of 3 channels, "
                    + "and an output of the same size with 3 channels; \(found)")
        }
    }

    @Test("a classifier is refused for its output")
    func classifier() throws {
        var graph = ONNXGraph(name: "classifier")
        graph.addInput("picture", .float32, [1, 3, "h", "w"])
        graph.addOutput("scores", .float32, [1, 3, 1, 1])
        graph.add("GlobalAveragePool", ["picture"], to: "scores")
        try withFile(graph.encoded()) { file in
            let error = #expect(throws: SakugaError.self) {
                try ForeignGenerator(model: file, width: 64, height: 64, options: Self.f32)
            }
            #expect(error?.message.contains("output 'scores' [1, 3, 1, 1]") == true, "\(error?.message ?? "")")
        }
    }

    @Test("files that are no networks are refused", arguments: ["onnx", "pb", "tflite", "txt"])
    func noNetwork(ending: String) throws {
        try withFile(Data("this is no network".utf8), ending) { file in
            let error = #expect(throws: SakugaError.self) {
                try ForeignGenerator(model: file, width: 64, height: 64, options: Self.f32)
            }
            #expect(error?.code == .data)
            #expect(error?.message.contains(file.path) == true)
        }
        let missing = #expect(throws: SakugaError.self) {
            try ForeignGenerator(model: URL(fileURLWithPath: "/nowhere/x.onnx"), width: 64, height: 64)
        }
        #expect(missing?.code == .noInput)
    }

    @Test(
        "AnimeGANv3 draws: range −1…1, sides multiples of 16, and a picture that resembles its input",
        .enabled(if: SharedFolder.has("models/AnimeGANv3_tiny_Cute.onnx"), "no ../shared folder with the network"))
    func animeGAN() throws {
        let file = SharedFolder.url.appendingPathComponent("models/AnimeGANv3_tiny_Cute.onnx")
        let generator = try ForeignGenerator(
            model: file, width: 150, height: 100, options: InferenceOptions(device: "CPU", streams: 1))
        #expect(generator.inputRange == .signed && generator.outputRange == .signed)
        #expect(generator.alignment == 16)
        let picture = TestPictures.make(150, 100, alignment: generator.alignment)
        let drawing = try TestPictures.drawing(of: picture, by: generator)
        let distance = zip(drawing, TestPictures.visible(picture)).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(distance / drawing.count < 50)
        #expect(Set(drawing).count > 100)
    }
}
