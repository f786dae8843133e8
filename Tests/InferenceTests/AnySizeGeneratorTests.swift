import Dispatch
import Frames
import Synchronization
import Testing

@testable import Inference

@Suite("Any-size generator")
struct AnySizeGeneratorTests {
    static func difference(_ a: [UInt8], _ b: [UInt8]) -> Int {
        a.count == b.count ? zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0 : 255
    }

    @Test("pictures of all sizes are drawn as by a generator for their size", arguments: ["f32", "bf16"])
    func sizes(precision: String) throws {
        let options = InferenceOptions(device: "CPU", precision: .init(rawValue: precision) ?? .f32, streams: 2)
        let any = try AnySizeGenerator(preset: TestPictures.cel(), seed: 5, options: options)
        for (width, height) in [(64, 48), (131, 77), (16, 200), (64, 48), (320, 240)] {
            let fixed = try Generator(
                preset: TestPictures.cel(), seed: 5, width: width, height: height, options: options)
            let picture = TestPictures.make(width, height)
            let drawings = try (
                TestPictures.drawing(of: picture, by: any), TestPictures.drawing(of: picture, by: fixed)
            )
            #expect(Self.difference(drawings.0, drawings.1) <= 1, "\(width)×\(height)")
        }
    }

    @Test("a large picture is drawn in tiles to the same result")
    func tiles() throws {
        var options = GeneratorTests.f32
        let whole = try AnySizeGenerator(preset: TestPictures.cel(), seed: 0, options: options)
        options.memoryLimit = 1
        let tiled = try AnySizeGenerator(preset: TestPictures.cel(), seed: 0, options: options)
        let picture = TestPictures.make(744, 381)
        let drawings = try (
            TestPictures.drawing(of: picture, by: tiled), TestPictures.drawing(of: picture, by: whole)
        )
        #expect(Self.difference(drawings.0, drawings.1) <= 1)
    }

    @Test("several pictures at once are drawn as one after the other, in whatever order their sizes come")
    func sideBySide() throws {
        let options = InferenceOptions(device: "CPU", precision: .f32, streams: 2)
        let generator = try AnySizeGenerator(preset: TestPictures.cel(), seed: 3, options: options)
        let pictures = (0..<12).map { TestPictures.make(40 + $0 % 5 * 24, 96 - $0 % 3 * 17, seed: UInt64($0 + 1)) }
        let alone = try pictures.map { try TestPictures.drawing(of: $0, by: generator) }
        let together = Mutex([Int: [UInt8]]())
        DispatchQueue.concurrentPerform(iterations: pictures.count) { index in
            let drawing = try? TestPictures.drawing(of: pictures[index], by: generator)
            together.withLock { $0[index] = drawing }
        }
        #expect(together.withLock { drawn in pictures.indices.map { drawn[$0] ?? [] } } == alone)
    }
}
