internal import Foundation
internal import Frames
internal import Model
internal import Synchronization
internal import Temporal

/// What the page shows of a run and lets change.
struct LiveControls: Sendable {
    /// What the page is told twice a second.
    struct State: Encodable, Sendable {
        var figures: LiveStatistics.Figures
        var preset: String
        var presets: [String]
        var strength: Double
        var smoothing: String
        var view: String
        /// The file that is being recorded.
        var recording: String?
    }

    /// A change that the page asks for: what is missing stays as it is.
    private struct Change: Decodable {
        var preset: String?
        var strength: Double?
        var smoothing: String?
        var view: String?
        var isRecording: Bool?

        enum CodingKeys: String, CodingKey {
            case preset, strength, smoothing, view
            case isRecording = "recording"
        }
    }

    private let job: LiveJob
    private let library: PresetLibrary
    private let names: [String]

    init(_ job: LiveJob, _ library: PresetLibrary) {
        (self.job, self.library) = (job, library)
        names = library.names()
    }

    var state: State {
        let look = job.look
        return State(
            figures: job.statistics.figures, preset: job.preset, presets: names, strength: look.strength,
            smoothing: look.smoothing.rawValue, view: look.view.rawValue, recording: job.recording)
    }

    /// The picture that shows what a preset does; nil: there is none. Only names of the library are looked up.
    func preview(of name: String) -> Data? {
        guard names.contains(name), let folder = library.folder(of: name) else { return nil }
        return try? Data(contentsOf: folder.appendingPathComponent("preview.jpg"))
    }

    /// Makes all of a change, or nothing where a part of it cannot be.
    ///
    /// - Throws: `.usage` for a value that is out of range; what beginning to record throws.
    func apply(_ json: Data) throws {
        let change = try JSONDecoder().decode(Change.self, from: json)
        var look = job.look
        if let strength = change.strength {
            guard (0...1).contains(strength) else { throw SakugaError(.usage, "the strength must be 0 to 1") }
            look.strength = strength
        }
        if let name = change.smoothing {
            guard let smoothing = SmoothingStrength(rawValue: name) else {
                throw SakugaError(.usage, "there is no smoothing of that name")
            }
            look.smoothing = smoothing
        }
        if let name = change.view {
            guard let view = LiveLook.View(rawValue: name) else {
                throw SakugaError(.usage, "there is no view of that name")
            }
            look.view = view
        }
        if let preset = change.preset {
            // A path, which the command line takes too, is nothing for a page.
            guard names.contains(preset) else { throw SakugaError(.usage, "there is no preset of that name") }
            try job.change(toPreset: preset)
        }
        job.look = look
        switch change.isRecording {
        case true?: try job.startRecording(to: FileName.now(extension: "mkv"))
        case false?: job.stopRecording()
        case nil: break
        }
    }
}

/// True once.
final class First: Sendable {
    private let isTaken = Mutex(false)

    func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }
}
