import ArgumentParser
import Foundation
import Frames
import Model

/// `sakuga export`: a preset's generator as an .onnx file for other programs.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a preset's generator as an ONNX file.",
        discussion: """
            sakuga export cel -o cel.onnx                    640×360, 8-bit RGB in and out
            sakuga export cel:live -o look.onnx --seed 7     another look of the same preset
            sakuga export cel -o cel.onnx --edges float      −1…1, planar, as training programs have it

            The file holds one look: the seed is folded into the weights. It takes pictures of one size.
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

    @Option(help: "Size of the pictures, as WIDTHxHEIGHT in pixels.")
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
        let attributes = try? FileManager.default.attributesOfItem(atPath: output)
        guard let type = attributes?[.type] as? FileAttributeType else { return }
        guard type == .typeRegular || type == .typeSymbolicLink else {
            // Renaming over a folder fails, and over a device would take it away.
            throw SakugaError(.cannotCreate, "cannot create '\(output)': it is not a plain file")
        }
        guard overwrite else {
            throw SakugaError(.cannotCreate, "cannot create '\(output)': it exists", hint: "--overwrite replaces it")
        }
    }

    private func check(_ size: PixelSize, against description: GeneratorDescription) throws {
        let sides = 16...8192
        guard sides.contains(size.width), sides.contains(size.height) else {
            throw SakugaError(
                .usage, "cannot export for pictures of \(size) pixels, sides must be 16 to 8192")
        }
        let fitting = PixelSize(width: description.padded(size.width), height: description.padded(size.height))
        guard fitting == size else {
            throw SakugaError(
                .usage,
                "cannot export for pictures of \(size) pixels, sides must be multiples of \(description.alignment)",
                hint: "--size \(fitting)")
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
