import ArgumentParser
import Foundation
import Frames
import Model

/// `sakuga export`: a preset's generator as an .onnx file for other programs.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a preset's generator as an ONNX file.",
        discussion: """
            The file holds one look, since the seed is folded into its weights, and takes \
            pictures of one size.

            EXAMPLES
              sakuga export cel -o cel.onnx                 640×360, 8-bit RGB
              sakuga export cel:live -o look.onnx --seed 7  another look
              sakuga export cel -o cel.onnx --edges float   −1…1, in planes
            """
    )

    /// What the exported network takes and gives.
    enum Edges: String, CaseIterable, ExpressibleByArgument {
        case bytes, float
    }

    @Argument(help: "The preset: NAME or NAME:SIZE, or the path of a folder.")
    var preset: String

    @Option(
        name: .shortAndLong, help: "The file to write, or - for standard output.",
        completion: .file(extensions: ["onnx"]))
    var output: String

    @Option(help: "Size of the pictures, in pixels.")
    var size = PixelSize(width: 640, height: 360)

    @Option(help: "The look; 0 is the canonical one.")
    var seed: UInt64 = 0

    @Option(help: "bytes: 8-bit RGB, [1, height, width, 3]; float: −1…1, [1, 3, height, width].")
    var edges = Edges.bytes

    @Flag(help: "Replace the file if it exists.")
    var overwrite = false

    func run() throws {
        try checkOutput()
        let choice = try PresetLibrary().preset(named: preset)
        let description = choice.size.generator
        try check(size, against: description)
        let style = StyleCode(seed: seed, dimensions: description.styleDimensions)
        let graph = GeneratorGraph.encoded(
            try choice.preset.weights(of: choice.size), style: style, width: size.width, height: size.height,
            edges: edges == .bytes ? .bytes : .float)
        try write(graph)
    }

    private func checkOutput() throws {
        guard output != "-" else { return }
        let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
        guard FileManager.default.fileExists(atPath: folder) else {
            throw SakugaError(
                .cannotCreate, "cannot create '\(output)': there is no folder '\(folder)'",
                hint: "make it first: mkdir -p '\(folder)'")
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: output)
        guard let type = attributes?[.type] as? FileAttributeType else { return }
        guard type == .typeRegular || type == .typeSymbolicLink else {
            // Renaming over a folder fails, and over a device would take it away.
            throw SakugaError(.cannotCreate, "cannot create '\(output)': it is not a plain file")
        }
        guard overwrite else {
            throw SakugaError(
                .cannotCreate, "'\(output)' exists already", hint: "give --overwrite, or another name with -o")
        }
    }

    private func check(_ size: PixelSize, against description: GeneratorDescription) throws {
        let (width, height) = (size.width, size.height)
        let sides = 16...8192
        let asked = "\(width)×\(height)"
        guard sides.contains(width), sides.contains(height) else {
            throw SakugaError(
                .usage, "cannot export for pictures of \(asked) pixels, sides must be 16 to 8192")
        }
        let fitting = PixelSize(width: description.padded(width), height: description.padded(height))
        guard fitting == size else {
            throw SakugaError(
                .usage,
                "cannot export for pictures of \(asked) pixels, sides must be multiples of \(description.alignment)",
                hint: "give --size \(fitting)")
        }
    }

    private func write(_ graph: Data) throws {
        guard output != "-" else {
            do { try FileHandle.standardOutput.write(contentsOf: graph) } catch {
                throw SakugaError(.inputOutput, "cannot write to standard output: \(reason(error))")
            }
            return
        }
        do {
            // Written beside its place and renamed, so that there is never half a file.
            try graph.write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw SakugaError(.cannotCreate, "cannot create '\(output)': \(reason(error))")
        }
    }

    private func reason(_ error: any Error) -> String {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return (cause ?? error as NSError).localizedDescription
    }
}
