import Dispatch
import Foundation
import Frames
import Model
import Synchronization
import Testing

@testable import Inference

@Suite("Generator")
struct GeneratorTests {
    static let f32 = InferenceOptions(device: "CPU", precision: .f32, streams: 1)

    @Test(
        "any size is drawn, odd ones too, and what lies beyond the edge does not matter",
        arguments: [(16, 16), (17, 16), (16, 23), (33, 57), (101, 64)])
    func sizes(size: (Int, Int)) throws {
        let (width, height) = size
        let generator = try Generator(preset: TestPictures.cel(), width: width, height: height, options: Self.f32)
        let picture = TestPictures.make(width, height)
        let drawn = try TestPictures.drawing(of: picture, by: generator)
        // The same picture, its edges repeated by hand to the next multiple of 8, is drawn alike.
        let padded = FramePool(width: (width + 7) / 8 * 8, height: (height + 7) / 8 * 8, alignment: 8).makeBuffer()
        for y in 0..<padded.height {
            for x in 0..<padded.width {
                let source = min(y, height - 1) * picture.stride + min(x, width - 1) * 3
                for channel in 0..<3 {
                    padded.bytes[y * padded.stride + x * 3 + channel] = picture.bytes[source + channel]
                }
            }
        }
        let whole = try TestPictures.drawing(
            of: padded,
            by: Generator(preset: TestPictures.cel(), width: padded.width, height: padded.height, options: Self.f32))
        let cropped = (0..<height).flatMap { y in
            whole[y * padded.width * 3..<(y * padded.width + width) * 3]
        }
        #expect(drawn == Array(cropped))
    }

    @Test("tiles are drawn bit for bit as the whole picture is", arguments: [(1003, 800), (744, 381)])
    func tiles(size: (Int, Int)) throws {
        let (width, height) = size
        let picture = TestPictures.make(width, height)
        let whole = try Generator(preset: TestPictures.cel(), seed: 7, width: width, height: height, options: Self.f32)
        var options = Self.f32
        options.memoryLimit = 1
        let tiled = try Generator(preset: TestPictures.cel(), seed: 7, width: width, height: height, options: options)
        #expect(whole.tileCount == 1)
        #expect(tiled.tileCount > 1)
        #expect(try TestPictures.drawing(of: picture, by: tiled) == TestPictures.drawing(of: picture, by: whole))
    }

    @Test("the number of streams and the order of frames do not change the drawing", arguments: ["f32", "bf16"])
    func determinism(precision: String) throws {
        let pictures = (1...6).map { TestPictures.make(96, 64, seed: $0) }
        var reference: [[UInt8]] = []
        for streams in [1, 2, 3] {
            let options = InferenceOptions(
                device: "CPU", precision: .init(rawValue: precision) ?? .f32, streams: streams)
            let generator = try Generator(preset: TestPictures.cel(), width: 96, height: 64, options: options)
            #expect(generator.concurrency == streams)
            #expect(generator.precision == .f32 || precision == "bf16")
            let drawings = Mutex([Int: [UInt8]]())
            DispatchQueue.concurrentPerform(iterations: pictures.count) { index in
                let drawing = try? TestPictures.drawing(of: pictures[index], by: generator)
                drawings.withLock { $0[index] = drawing }
            }
            let inOrder = drawings.withLock { drawings in pictures.indices.map { drawings[$0] ?? [] } }
            if reference.isEmpty { reference = inOrder }
            #expect(inOrder == reference)
        }
    }

    @Test("seeds give different looks, the same seed the same one")
    func seeds() throws {
        let picture = TestPictures.make(64, 64)
        let drawings = try [0, 1, 1].map { seed in
            try TestPictures.drawing(
                of: picture,
                by: Generator(preset: TestPictures.cel(), seed: seed, width: 64, height: 64, options: Self.f32))
        }
        #expect(drawings[0] != drawings[1])
        #expect(drawings[1] == drawings[2])
    }

    @Test("the padding alone of the input is written")
    func visiblePartIsUntouched() throws {
        let picture = TestPictures.make(37, 29)
        let before = TestPictures.visible(picture)
        let generator = try Generator(preset: TestPictures.cel(), width: 37, height: 29, options: Self.f32)
        _ = try TestPictures.drawing(of: picture, by: generator)
        #expect(TestPictures.visible(picture) == before)
    }

    @Test("a device that is not there is refused, and those that are there are named")
    func missingDevice() throws {
        let error = #expect(throws: SakugaError.self) {
            try Generator(
                preset: TestPictures.cel(), width: 64, height: 64, options: InferenceOptions(device: "TPU"))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.hasPrefix("there is no device 'TPU', OpenVINO found CPU") == true)
    }

    @Test("impossible sizes and stream counts are refused", arguments: [(8, 64, 1), (64, 9000, 1), (64, 64, 0)])
    func impossible(width: Int, height: Int, streams: Int) throws {
        let error = #expect(throws: SakugaError.self) {
            try Generator(
                preset: TestPictures.cel(), width: width, height: height,
                options: InferenceOptions(device: "CPU", streams: streams))
        }
        #expect(error?.code == .usage)
    }

    @Test("a buffer of another size is refused")
    func wrongBuffer() throws {
        let generator = try Generator(preset: TestPictures.cel(), width: 64, height: 64, options: Self.f32)
        let error = #expect(throws: SakugaError.self) {
            _ = try TestPictures.drawing(of: TestPictures.make(80, 64), by: generator)
        }
        #expect(error?.code == .software)
    }
}
