import Foundation
import Frames
import Model
import Testing

@testable import Inference

@Suite("Compiled-network cache")
struct NetworkCacheTests {
    private func drawing(cache: URL?) throws -> [UInt8] {
        let options = InferenceOptions(device: "CPU", precision: .auto, streams: 1, cacheFolder: cache)
        let generator = try Generator(preset: TestPictures.cel(), width: 64, height: 48, options: options)
        return try TestPictures.drawing(of: TestPictures.make(64, 48), by: generator)
    }

    private func entries(_ folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }

    @Test("a network brought back draws the same")
    func broughtBack() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let fresh = try drawing(cache: nil)
        #expect(try drawing(cache: folder) == fresh)
        let entry = try #require(entries(folder).first)
        #expect(try entries(folder).count == 1)
        let written = try Data(contentsOf: entry)
        #expect(try drawing(cache: folder) == fresh)
        // It was read, not made anew.
        #expect(try Data(contentsOf: entry) == written)
    }

    @Test("a damaged entry is made anew and breaks nothing")
    func damaged() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let fresh = try drawing(cache: folder)
        let entry = try #require(entries(folder).first)
        let good = try Data(contentsOf: entry)
        var flipped = good
        flipped[good.count / 2] ^= 0x40
        let junk = Data(repeating: 0x5A, count: 4096)
        for bad in [Data(), good.prefix(good.count / 2), flipped, junk, Data(NetworkCache.header(junk)) + junk] {
            try bad.write(to: entry)
            #expect(try drawing(cache: folder) == fresh)
            let renewed = try Data(contentsOf: entry)
            #expect(Array(renewed.prefix(32)) == NetworkCache.header(renewed.dropFirst(32)))
            #expect(renewed.count > good.count / 2)
        }
    }

    @Test("a folder that cannot be written costs nothing but the cache")
    func unwritable() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("file-\(UUID().uuidString)")
        try Data("x".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try drawing(cache: file.appendingPathComponent("below")) == drawing(cache: nil))
    }
}
