import Foundation
import Frames
import Model
import Testing

@testable import Inference

@Suite("Tileable drawings")
struct TileableTests {
    static let f32 = InferenceOptions(device: "CPU", precision: .f32, streams: 1)

    /// A texture that repeats itself after `width`×`height` pixels, seen from (`dx`, `dy`) on.
    static func texture(_ width: Int, _ height: Int, dx: Int = 0, dy: Int = 0) -> PixelBuffer {
        let picture = FramePool(width: width, height: height).makeBuffer()
        for y in 0..<height {
            for x in 0..<width {
                let (u, v) = (Double(x + dx) / Double(width), Double(y + dy) / Double(height))
                for channel in 0..<3 {
                    let wave = sin(2 * .pi * (3 * u + Double(channel) / 3)) + cos(2 * .pi * (2 * v - 4 * u))
                    let stripe = sin(2 * .pi * (5 * u + 3 * v)) > 0.6 ? 60.0 : 0
                    picture.bytes[y * picture.stride + x * 3 + channel] = UInt8(110 + 35 * wave + stripe)
                }
            }
        }
        return picture
    }

    static func generator(_ width: Int, _ height: Int, _ options: InferenceOptions = f32) throws -> TileableGenerator {
        try TileableGenerator(preset: TestPictures.cel(), width: width, height: height, options: options)
    }

    /// How far two drawings lie apart, the second seen from (`dx`, `dy`) on: the largest difference and the mean one.
    static func difference(
        _ drawing: [UInt8], _ shifted: [UInt8], _ width: Int, _ height: Int, dx: Int, dy: Int
    ) -> (largest: Int, mean: Double) {
        var (largest, sum) = (0, 0)
        for y in 0..<height {
            for x in 0..<width * 3 {
                let moved = ((y + dy) % height) * width * 3 + (x + dx * 3) % (width * 3)
                let difference = abs(Int(shifted[y * width * 3 + x]) - Int(drawing[moved]))
                largest = max(largest, difference)
                sum += difference
            }
        }
        return (largest, Double(sum) / Double(drawing.count))
    }

    @Test(
        "the drawing of a shifted texture is the shifted drawing, over the edges too",
        arguments: [(96, 64, 0), (16, 16, 0), (200, 104, 0), (101, 75, 2.5), (61, 64, 4)])
    func shifts(width: Int, height: Int, mean: Double) throws {
        let generator = try Self.generator(width, height)
        let drawing = try TestPictures.drawing(of: Self.texture(width, height), by: generator)
        for (dx, dy) in [(8, 0), (0, 16), (40, 8)] {
            let shifted = try TestPictures.drawing(of: Self.texture(width, height, dx: dx, dy: dy), by: generator)
            let difference = Self.difference(drawing, shifted, width, height, dx: dx, dy: dy)
            // A side that is no multiple of 8 moves the pixels behind the edge to other places within their cells.
            #expect(mean == 0 ? difference.largest <= 1 : difference.mean < mean, "\(difference) at \(dx), \(dy)")
        }
    }

    @Test("the last column goes over into the first as in a drawing of many repeats", arguments: [(101, 75), (64, 56)])
    func goesOn(width: Int, height: Int) throws {
        let drawing = try TestPictures.drawing(of: Self.texture(width, height), by: Self.generator(width, height))
        // Three repeats each way, of which the middle one has neighbours all round.
        let (whole, tall) = (width * 3, height * 3)
        let repeats = TestPictures.make(whole, tall)
        let texture = Self.texture(width, height)
        for y in 0..<tall {
            for x in 0..<whole * 3 {
                repeats.bytes[y * repeats.stride + x] =
                    texture.bytes[
                        (y % height) * texture.stride + x % (width * 3)]
            }
        }
        let many = try TestPictures.drawing(
            of: repeats, by: Generator(preset: TestPictures.cel(), width: whole, height: tall, options: Self.f32))
        func step(_ picture: [UInt8], _ width: Int, _ row: Int, _ column: Int, _ next: Int) -> Double {
            (0..<3).reduce(0) {
                $0
                    + abs(
                        Double(picture[(row * width + column) * 3 + $1])
                            - Double(picture[(row * width + next) * 3 + $1]))
            }
        }
        let rows = 0..<height
        let seam = rows.reduce(0) { $0 + step(drawing, width, $1, width - 1, 0) } / Double(height * 3)
        let inside =
            rows.reduce(0) { $0 + step(many, whole, $1 + height, 2 * width - 1, 2 * width) } / Double(height * 3)
        #expect(abs(seam - inside) < 1.5, "\(seam) at the edge, \(inside) in the middle of many")
    }

    @Test("large textures are drawn in tiles to the same result")
    func tiles() throws {
        var options = Self.f32
        options.memoryLimit = 1
        let texture = Self.texture(744, 384)
        let whole = try TestPictures.drawing(of: texture, by: Self.generator(744, 384))
        #expect(try TestPictures.drawing(of: texture, by: Self.generator(744, 384, options)) == whole)
    }

    @Test(
        "networks from elsewhere draw textures too, with a margin that is wide enough for most", arguments: [64, 101])
    func foreign(side: Int) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).onnx")
        defer { try? FileManager.default.removeItem(at: file) }
        try ForeignNetworks.inverting(.signed, .nhwc).write(to: file)
        let generator = try TileableGenerator(
            model: file, range: .signed, width: side, height: side, options: Self.f32)
        let texture = Self.texture(side, side)
        let drawing = try TestPictures.drawing(of: texture, by: generator)
        let inverted = TestPictures.visible(texture).map { 255 - Int($0) }
        #expect(zip(drawing, inverted).allSatisfy { abs(Int($0) - $1) <= 1 })
    }

    @Test("the border is as wide as the network looks, and fades only where cells do not fit")
    func border() {
        let fitting = TileableGenerator.Border(width: 64, height: 96, margin: 88, cell: 8)
        #expect((fitting.fadeX, fitting.fadeY, fitting.width, fitting.height) == (0, 0, 240, 272))
        let odd = TileableGenerator.Border(width: 65, height: 20, margin: 88, cell: 8)
        #expect((odd.fadeX, odd.fadeY, odd.width, odd.height) == (32, 10, 273, 206))
        let unknown = TileableGenerator.Border(width: 64, height: 64, margin: 128, cell: nil)
        #expect((unknown.fadeX, unknown.width) == (32, 352))
    }
}
