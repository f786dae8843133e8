import Foundation
import Testing

@Suite("Sprites and sequences", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the pictures"), .onOwnThreads)
struct SpriteTests {
    /// A disc of stripes with a soft edge, around which the colour `hidden` lies under alpha 0.
    private func makeSprite(_ file: URL, hidden: String) throws {
        let alpha = "clip((30-hypot(X-40\\,Y-36))*60\\,0\\,255)"
        func channel(_ visible: String, _ hidden: Substring) -> String {
            "if(gt(\(alpha)\\,0)\\,\(visible)\\,\(hidden))"
        }
        let rgb = hidden.split(separator: " ")
        let made = try Tool.run(
            "ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i"]
                + [
                    "color=s=80x72:d=0.1,format=rgba,geq=r=\(channel("90+mod(X*9\\,150)", rgb[0]))"
                        + ":g=\(channel("120+mod(Y*7\\,80)", rgb[1])):b=\(channel("60", rgb[2])):a=\(alpha)"
                ] + ["-frames:v", "1", file.path])
        #expect(made.code == 0, "\(made.errorOutput)")
    }

    private func pixels(_ file: URL, _ filter: String) throws -> [UInt8] {
        let raw = file.deletingLastPathComponent().appendingPathComponent(UUID().uuidString)
        let result = try Tool.run(
            "ffmpeg",
            ["-v", "error", "-i", file.path, "-vf", "format=rgba" + filter, "-f", "rawvideo", raw.path])
        #expect(result.code == 0, "\(result.errorOutput)")
        return [UInt8](try Data(contentsOf: raw))
    }

    @Test("a sprite is drawn the same whatever lies under its transparent pixels, and keeps its cut-out to the bit")
    func hiddenColours() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        for (name, hidden) in [("black", "0 0 0"), ("magenta", "255 0 255")] {
            try makeSprite(command.file("\(name).png"), hidden: hidden)
        }
        let result = try command.run("stylize", "black.png", "magenta.png", "-o", "drawn/", "--progress", "none")
        #expect(result.code == 0, "\(result.errorOutput)")
        let (black, magenta) = (
            try pixels(command.file("drawn/black.png"), ""), try pixels(command.file("drawn/magenta.png"), "")
        )
        #expect(black == magenta && black.count == 80 * 72 * 4)
        let source = try pixels(command.file("magenta.png"), "")
        #expect(source != (try pixels(command.file("black.png"), "")))
        #expect(stride(from: 3, to: source.count, by: 4).allSatisfy { source[$0] == magenta[$0] })
        // No pixel of the soft edge turns pink: blue stays well below red and green, as inside.
        for at in stride(from: 0, to: magenta.count, by: 4) where magenta[at + 3] > 0 {
            #expect(magenta[at + 2] < max(magenta[at], magenta[at + 1]))
        }
    }

    @Test("numbered pictures in a folder, and as a pattern with a gap, keep their names")
    func names() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        for folder in ["in", "out"] {
            try FileManager.default.createDirectory(at: command.file(folder), withIntermediateDirectories: true)
        }
        let names = ["0017.png", "0018.png", "0021.png"]
        for name in names { try Clip.picture.copy(to: command.file("in/\(name)")) }
        let pattern = try command.run("stylize", "in/%04d.png", "-o", "out/%04d.png", "--progress", "none")
        #expect(pattern.code == 0)
        let warning = "warning: the sequence has gaps: 2 pictures are missing between the numbers 17 and 21\n"
        #expect(pattern.errorOutput == warning)
        #expect(try Refusal.files(in: command.file("out")).keys.sorted() == names)
        let folder = try command.run("stylize", "in/", "-o", "drawn/", "--progress", "none")
        #expect(folder.code == 0 && folder.errorOutput == "")
        #expect(try Refusal.files(in: command.file("drawn")).keys.sorted() == names)
    }
}
