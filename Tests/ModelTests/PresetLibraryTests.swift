import Foundation
import Frames
import Testing

@testable import Model

@Suite("Preset library")
struct PresetLibraryTests {
    let folder: TemporaryFolder
    let library: PresetLibrary

    init() throws {
        folder = try TemporaryFolder()
        library = PresetLibrary(
            environment: [
                "SAKUGA_PRESETS": folder.url.appendingPathComponent("first").path,
                "HOME": folder.url.appendingPathComponent("home").path,
            ], executable: folder.url.appendingPathComponent("prefix/bin/sakuga"))
    }

    private func write(_ name: String, in place: String) throws -> URL {
        try TinyGenerator.writePreset(named: name, in: folder.url.appendingPathComponent(place))
    }

    @Test(
        "presets are found beside the executable, as installed, in the user's folder and in SAKUGA_PRESETS, which wins")
    func places() throws {
        _ = try write("a", in: "prefix/bin/presets")
        _ = try write("b", in: "prefix/share/sakuga/presets")
        _ = try write("c", in: "home/.local/share/sakuga/presets")
        _ = try write("d", in: "first")
        let winner = try write("a", in: "first")
        #expect(library.names() == ["a", "b", "c", "d"])
        #expect(try library.preset(named: "a").preset.folder.path == winner.path)
    }

    @Test("a build folder finds the presets of its checkout")
    func checkout() throws {
        _ = try write("x", in: "checkout/presets")
        try Data().write(to: folder.url.appendingPathComponent("checkout/Package.swift"))
        let library = PresetLibrary(
            environment: ["HOME": "/nowhere"],
            executable: folder.url.appendingPathComponent("checkout/.build/release/sakuga"))
        #expect(library.names() == ["x"])
    }

    @Test("NAME, NAME:SIZE and a folder's path choose a preset")
    func choices() throws {
        let place = try write("ink", in: "first")
        #expect(try library.preset(named: "ink").size.name == "live")
        #expect(try library.preset(named: "ink:live").preset.name == "ink")
        #expect(try library.preset(named: place.path).preset.name == "ink")
        #expect(try library.preset(named: place.path + ":live").preset.name == "ink")
        #expect(throws: SakugaError.self) { try library.preset(named: "ink:huge") }
        #expect(throws: SakugaError.self) { try library.preset(named: "../first/ink") }
    }

    @Test("an unknown name suggests the nearest one, or lists all")
    func suggestions() throws {
        _ = try write("watercolour", in: "first")
        _ = try write("cel", in: "first")
        let near = #expect(throws: SakugaError.self) { try library.preset(named: "watercolor") }
        #expect(near?.description == "error: there is no preset 'watercolor'\nhint: did you mean 'watercolour'?")
        let far = #expect(throws: SakugaError.self) { try library.preset(named: "xyzzy") }
        #expect(far?.hint == "the presets are: cel, watercolour")
        #expect(far?.code == .usage)
    }

    @Test("a broken preset is listed with what is wrong, beside the whole ones")
    func brokenOnes() throws {
        _ = try write("good", in: "first")
        let bad = try write("bad", in: "first")
        try Data("{".utf8).write(to: bad.appendingPathComponent("preset.json"))
        let entries = library.list()
        #expect(entries.map(\.name) == ["bad", "good"])
        #expect(throws: SakugaError.self) { try entries[0].preset.get() }
        #expect(try entries[1].preset.get().name == "good")
    }

    @Test("a preset is added whole, replaced only when told, and removed")
    func addAndRemove() throws {
        let source = try write("mine", in: "elsewhere")
        try Data("secret".utf8).write(to: source.appendingPathComponent("notes.txt"))
        let added = try library.add(from: source)
        #expect(added.folder.path == library.userFolder.appendingPathComponent("mine").path)
        let files = try FileManager.default.contentsOfDirectory(atPath: added.folder.path).sorted()
        #expect(files == ["CREDITS.md", "live.safetensors", "preset.json"])
        #expect(throws: SakugaError.self) { try library.add(from: source) }
        try library.add(from: source, replacing: true)
        #expect(library.names() == ["mine"])
        try library.remove(named: "mine")
        #expect(library.names().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: library.userFolder.path).isEmpty)
    }

    @Test("a preset that does not load is not added")
    func brokenIsNotAdded() throws {
        let source = try write("mine", in: "elsewhere")
        try Data("junk".utf8).write(to: source.appendingPathComponent("live.safetensors"))
        #expect(throws: SakugaError.self) { try library.add(from: source) }
        #expect(library.names().isEmpty)
    }

    @Test("a preset that cannot take another's place leaves it there")
    func putBack() throws {
        let place = try write("mine", in: "elsewhere")
        #expect(throws: (any Error).self) {
            try PresetLibrary.put(folder.url.appendingPathComponent("nowhere"), in: place)
        }
        #expect(try Preset(folder: place).name == "mine")
        let rest = try FileManager.default.contentsOfDirectory(atPath: place.deletingLastPathComponent().path)
        #expect(rest == ["mine"])
    }

    /// Packs what is in the folder `elsewhere`.
    private func pack(_ arguments: String...) throws -> URL {
        let archive = folder.url.appendingPathComponent("\(UUID().uuidString).tar.gz")
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments =
            ["tar", "-czPf", archive.path, "-C", folder.url.appendingPathComponent("elsewhere").path] + arguments
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
        return archive
    }

    @Test("an archive with links, ways out of its folder, or more than a preset can be is refused, naming what it is")
    func hostileArchives() throws {
        let source = try write("mine", in: "elsewhere")
        let inside = source.deletingLastPathComponent()
        func expectRefusal(_ archive: URL, _ reason: String) {
            let error = #expect(throws: SakugaError.self) { try library.add(from: archive) }
            #expect(error?.code == .data)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
        expectRefusal(
            try pack("mine/preset.json", source.appendingPathComponent("CREDITS.md").path), "leads out of its folder")
        expectRefusal(try pack("mine/preset.json", "../elsewhere/mine/CREDITS.md"), "leads out of its folder")
        let link = inside.appendingPathComponent("preview.jpg")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "/etc/hostname")
        expectRefusal(try pack("mine", "preview.jpg"), "not a plain file")
        // 2 GiB of nothing: as a hole it takes no room in the archive either.
        let large = inside.appendingPathComponent("large.safetensors")
        try Data().write(to: large)
        let handle = try FileHandle(forWritingTo: large)
        try handle.truncate(atOffset: 2 << 30)
        try handle.close()
        expectRefusal(try pack("--sparse", "mine", "large.safetensors"), "larger than 1024 MiB")
        #expect(library.names().isEmpty)
    }

    @Test("only a preset's own files come out of an archive")
    func archiveWithOthers() throws {
        let source = try write("mine", in: "elsewhere")
        try Data("secret".utf8).write(to: source.appendingPathComponent("notes.txt"))
        let deeper = source.appendingPathComponent("deeper")
        try FileManager.default.createDirectory(at: deeper, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: deeper.appendingPathComponent("preset.json"))
        let unpacked = folder.url.appendingPathComponent("unpacked")
        try PresetArchive(file: pack("./mine")).unpack(into: unpacked)
        let files = try FileManager.default.subpathsOfDirectory(atPath: unpacked.path).sorted()
        #expect(files == ["mine", "mine/CREDITS.md", "mine/live.safetensors", "mine/preset.json"])
    }

    @Test("a preset is added from a .tar file")
    func archive() throws {
        _ = try write("mine", in: "elsewhere")
        let archive = try pack("mine")
        #expect(try library.add(from: archive).name == "mine")
        let junk = folder.url.appendingPathComponent("junk.tar")
        try Data("junk".utf8).write(to: junk)
        let error = #expect(throws: SakugaError.self) { try library.add(from: junk) }
        #expect(error?.code == .data)
    }

    @Test("a preset of the installation is not removed")
    func removeOthers() throws {
        _ = try write("theirs", in: "first")
        let error = #expect(throws: SakugaError.self) { try library.remove(named: "theirs") }
        #expect(error?.message.contains("it was not added by you") == true)
        #expect(library.names() == ["theirs"])
    }
}
