internal import Foundation
internal import Frames
internal import Media
internal import Stylize

/// An open destination: what is encoded goes there, and a file takes its name when it is whole.
final class LiveOutput: Sendable {
    let name: String
    let writer: LiveWriter
    private let file: OutputFile?

    /// Opens a destination.
    ///
    /// - Parameter start: the run's time, in seconds, at which the output begins.
    init(
        _ destination: LiveDestination, _ request: LiveRequest, _ reader: MediaReader, _ sound: LiveSound, width: Int,
        height: Int, start: Double
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
                destination, url: url, reader: reader, sound: sound, output: request.outputOptions, width: width,
                height: height, cadence: request.cadence, start: start)
        } catch {
            file?.discard()
            throw error
        }
    }

    func write(_ frame: Frame) throws { try writer.write(frame) }

    func finish() throws { try writer.finish() }

    /// Returns the name of the finished file; nil for what is none.
    func publish() throws -> String? {
        guard let file else { return nil }
        try file.publish()
        return file.path
    }

    /// What was live cannot be recorded again: a file that failed on the way stays, under a name that says so, which is
    /// returned. Its container can be played up to there.
    func keep() throws -> String? {
        guard let file, !file.isStream else { return nil }
        if !writer.isEmpty { return try file.publishPartial() }
        file.discard()
        return nil
    }

    func discard() { file?.discard() }
}
