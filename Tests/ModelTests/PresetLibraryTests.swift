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

    @Test("a preset is added from a .tar file")
    func archive() throws {
        _ = try write("mine", in: "elsewhere")
        let archive = folder.url.appendingPathComponent("mine.tar.gz")
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = [
            "tar", "-czf", archive.path, "-C", folder.url.appendingPathComponent("elsewhere").path, "mine",
        ]
        try tar.run()
        tar.waitUntilExit()
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
