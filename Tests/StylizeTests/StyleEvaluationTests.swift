import Foundation
import Frames
import Inference
import Model
import StyleMetrics
import Support
import Synchronization
import Testing

@testable import Stylize

@Suite("Style evaluation")
struct StyleEvaluationTests {
    private let folder: TemporaryFolder
    private static let f32 = InferenceOptions(device: "CPU", precision: .f32, streams: 2)

    init() throws { folder = try TemporaryFolder() }

    /// Makes pictures with FFmpeg's own sources in a folder below and returns its path.
    private func pictures(_ name: String, _ count: Int, _ source: String, size: String = "320x240") throws -> String {
        let place = folder.file(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for index in 0..<count {
            try MediaTool.make(
                place.appendingPathComponent("\(index).png"),
                "-f lavfi -ss \(index) -i \(source)=size=\(size):rate=1 -frames:v 1")
        }
        return place.path
    }

    private func read(_ path: String, side: Int = 640, warn: (String) -> Void = { _ in }) throws -> [PixelBuffer] {
        try PictureFolder(path, side: side, leastSide: 128, limit: 100, atLeast: 2, warn: warn).pictures
    }

    @Test("a picture that cannot be read is named and passed over, and too few are refused")
    func folders() throws {
        let path = try pictures("photos", 2, "testsrc2")
        try Data("no picture".utf8).write(to: folder.file("photos/broken.jpg"))
        try Data("no matter".utf8).write(to: folder.file("photos/notes.txt"))
        try MediaTool.make(folder.file("photos/small.png"), "-f lavfi -i testsrc2=size=320x100:rate=1 -frames:v 1")
        try MediaTool.make(
            folder.file("photos/clear.png"), "-f lavfi -i color=red@0.5:size=320x200:rate=1,format=rgba -frames:v 1")
        var warnings: [String] = []
        let found = try read(path) { warnings.append($0) }
        #expect(found.count == 2 && warnings.count == 3)
        #expect(warnings.contains { $0.hasPrefix("'\(path)/broken.jpg' is passed over: ") })
        #expect(warnings.contains { $0.contains("small.png") && $0.contains("shorter than 128") })
        #expect(warnings.contains { $0.contains("clear.png") && $0.contains("transparent") })
        try FileManager.default.removeItem(at: folder.file("photos/0.png"))
        let error = #expect(throws: SakugaError.self) { try read(path) }
        #expect(error?.code == .data && error?.message == "'\(path)' holds 1 picture that can be used, 2 are the least")
        #expect(throws: SakugaError(.noInput, "'\(path)/1.png' is no folder", hint: "give a folder of pictures")) {
            try read(path + "/1.png")
        }
    }

    @Test("pictures are reduced to the side asked for, never enlarged, to multiples of 8, and spread evenly")
    func sizes() throws {
        let found = try read(pictures("photos", 2, "testsrc2", size: "1000x751"), side: 512)
        #expect(found.allSatisfy { $0.width == 512 && $0.height == 384 })
        let small = try read(pictures("small", 2, "testsrc2", size: "323x241"), side: 512)
        #expect(small.allSatisfy { $0.width == 320 && $0.height == 240 })
        #expect(Array(0..<10).spread(over: 4) == [0, 2, 5, 7] && Array(0..<3).spread(over: 4) == [0, 1, 2])
    }

    @Test("a picture keeps all content beside itself, another does not, and looks alike where it is the same")
    func content() throws {
        let eye = try StyleEye(TestVGG.weights(), options: Self.f32)
        let photos = try read(pictures("photos", 3, "testsrc2"))
        let others = try read(pictures("others", 3, "mandelbrot"))
        let same = try eye.look(at: [photos, photos], perPicture: 5)
        #expect(same.similarities.allSatisfy { abs($0 - 1) < 1e-6 })
        #expect(same.impressions[0].patches.values == same.impressions[1].patches.values)
        #expect(same.impressions[0].patches.pictures == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
        #expect(same.impressions[0].grams[2].distance(to: same.impressions[1].grams[2]) == 0)
        let different = try eye.look(at: [photos, others], perPicture: 5)
        #expect(different.similarities.allSatisfy { $0 < 0.99 })
        #expect(different.impressions[0].grams[2].distance(to: different.impressions[1].grams[2]) > 0.01)
        #expect(try eye.perceptualDifference([photos[0], photos[0]], perPicture: 2) < 1e-6)
        #expect(try eye.perceptualDifference([photos[0], others[0]], perPicture: 2) > 0.001)
    }

    @Test("what changes nothing keeps the noise alone when pictures move; what depends on the place does not")
    func equivariance() throws {
        let photos = try read(pictures("photos", 2, "mandelbrot"))
        let identity = try #require(try EquivarianceTest { $0 }.report(photos))
        #expect(identity.photos == 2 && identity.motions == 3)
        #expect(identity.motionError == 0 && identity.shiftError == 0)
        // Both pictures are rounded once: noise and a twelfth of a squared level.
        let noise = (1.5 * 1.5 + 1.0 / 12).squareRoot() / 255
        #expect(abs(identity.error - noise) < 0.1 * noise && abs(identity.noiseError - noise) < 0.1 * noise)
        let striped = try #require(
            try EquivarianceTest { pictures in
                pictures.map { picture in
                    let output = FramePool(width: picture.width, height: picture.height).makeBuffer()
                    for index in 0..<picture.byteCount { output.bytes[index] = index / 3 % 2 == 0 ? 255 : 0 }
                    return output
                }
            }.report(photos))
        #expect(striped.motionError > 0.2 && striped.noiseError == 0 && striped.shiftError > 0.2)
        #expect(try EquivarianceTest { $0 }.report(read(pictures("low", 2, "testsrc2", size: "320x128"))) != nil)
    }

    @Test("work side by side comes back in order, and its first error ends it")
    func sideBySide() throws {
        #expect(try SideBySide.map(100, lanes: 4) { $0 * 2 } == (0..<100).map { $0 * 2 })
        #expect(try SideBySide.map(0, lanes: 4) { $0 } == [])
        let begun = Mutex(0)
        #expect(throws: SakugaError(.data, "here")) {
            try SideBySide.map(1000, lanes: 2) { index in
                begun.withLock { $0 += 1 }
                if index == 3 { throw SakugaError(.data, "here") }
                // Time for the error to be noticed, also on a busy machine.
                usleep(2000)
            }
        }
        #expect(begun.withLock { $0 } < 1000)
    }

    @Test("a preset is judged from end to end, twice alike")
    func wholeReport() throws {
        var request = StyleRequest(
            preset: "cel", model: nil, photos: try pictures("photos", 4, "testsrc2"),
            art: [try pictures("art", 4, "mandelbrot")])
        request.inference = Self.f32
        (request.patches, request.speedSeconds) = (16, 0.2)
        let reports = try (0..<2).map { _ in
            try StyleEvaluation(request, weights: TestVGG.weights(), report: { _ in }, warn: { Issue.record("\($0)") })
                .run { _ in }
        }
        let report = reports[0]
        #expect(report.generator == "cel:live" && report.precision == "f32" && report.photos == 4)
        let style = try #require(report.styles.first)
        #expect(style.art == request.art[0] && style.pictures == 4 && style.patches == 16 && report.patches == 16)
        #expect(style.kernelDistance.photos.value != 0 && style.gramDistance.photos.value > 0)
        #expect(report.contentSimilarity.mean > 0.5 && report.contentSimilarity.mean < 1)
        #expect(try #require(report.diversity).rms > 0)
        #expect(report.cost.parameters == 258_259 && report.cost.millisecondsPerFrame > 0)
        #expect(reports[1].styles[0].kernelDistance.drawings == style.kernelDistance.drawings)
        #expect(reports[1].equivariance.error == report.equivariance.error)
    }
}
