internal import Foundation
internal import Frames
internal import Media
internal import Stylize

/// An open destination: what is encoded goes there, and a file takes its name when it is whole.
struct LiveOutput: Sendable {
    let name: String
    let warnings: [String]
    private let writer: LiveWriter
    private let file: OutputFile?

    /// Opens all destinations of a request, or none.
    static func opened(_ request: LiveRequest, _ reader: MediaReader, width: Int, height: Int) throws -> [LiveOutput] {
        var opened: [LiveOutput] = []
        do {
            for destination in request.destinations {
                opened.append(try LiveOutput(destination, request, reader, width, height))
            }
        } catch {
            for output in opened { output.discard() }
            throw error
        }
        return opened
    }

    private init(
        _ destination: LiveDestination, _ request: LiveRequest, _ reader: MediaReader, _ width: Int, _ height: Int
    ) throws {
        name = destination.name
        var file: OutputFile?
        var url = destination.name
        if destination.kind == .file {
            let made = try OutputFile(
                path: destination.name, inputs: [request.input], overwrites: request.overwrites, holdsPictures: false)
            url = made.workingPath == "-" ? "pipe:1" : "file:\(made.workingPath)"
            file = made
        }
        self.file = file
        do {
            writer = try LiveWriter(
                destination, url: url, reader: reader, output: request.outputOptions, width: width, height: height)
        } catch {
            file?.discard()
            throw error
        }
        warnings = writer.warnings
    }

    func write(_ frame: Frame) throws { try writer.write(frame) }

    func finish() throws { try writer.finish() }

    /// Returns the name of the finished file; nil for what is none.
    func publish() throws -> String? {
        guard let file else { return nil }
        try file.publish()
        return file.path
    }

    func discard() { file?.discard() }
}
