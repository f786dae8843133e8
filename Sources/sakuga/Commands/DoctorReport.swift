import Foundation
import Frames
import Inference
import Media
import Model

/// What `sakuga doctor` found out about this installation.
struct DoctorReport: Encodable {
    enum State: String, Encodable {
        case ok
        /// Works, but not as well as it could.
        case note
        /// Needed, and not there.
        case missing
    }

    /// One line of the report.
    struct Finding: Encodable {
        var name: String
        var state: State
        var text: String
        /// What to do about it.
        var hint: String?

        init(_ name: String, _ state: State, _ text: String, hint: String? = nil) {
            self.name = name
            self.state = state
            self.text = text
            self.hint = hint
        }
    }

    private(set) var findings: [Finding] = []

    var missing: [Finding] { findings.filter { $0.state == .missing } }

    mutating func add(_ finding: Finding) { findings.append(finding) }

    mutating func examineSystem() {
        let process = ProcessInfo.processInfo
        let cores = process.activeProcessorCount
        let memory = Double(process.physicalMemory) / Double(1 << 30)
        add(.init("sakuga", .ok, Version.current))
        add(
            .init(
                "system", .ok,
                "\(process.operatingSystemVersionString), \(cores) cores, \(String(format: "%.1f", memory)) GiB of memory"
            ))
    }

    /// Looks what there is to run networks with; `report` throws where there is nothing.
    mutating func examineEngine(_ report: () throws -> EngineReport) {
        do {
            let engine = try report()
            add(.init("OpenVINO", .ok, engine.version))
            for device in engine.devices {
                let precisions = device.precisions.map(\.rawValue).joined(separator: ", ")
                add(.init("device", .ok, "\(device.name): \(device.fullName), \(precisions)"))
            }
            let streams =
                engine.chosenStreams == 1 ? "one frame at a time" : "\(engine.chosenStreams) frames side by side"
            let isSlow = engine.chosenPrecision == .f32
            add(
                .init(
                    "generator", isSlow ? .note : .ok,
                    "draws on \(engine.chosenDevice) in \(engine.chosenPrecision.rawValue), \(streams)",
                    hint: isSlow ? "a processor with bf16 instructions, or a GPU, draws about twice as fast" : nil))
        } catch {
            add(
                .init(
                    "OpenVINO", .missing, (error as? SakugaError)?.message ?? "\(error)",
                    hint: "run make deps where Sakuga was built, or install it again"))
        }
    }

    /// Adds FFmpeg's version, and the codecs and filters that Sakuga uses.
    mutating func examineMedia(_ report: MediaReport) {
        let versions = report.libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
        add(.init("FFmpeg", .ok, "\(report.version) (\(versions))"))
        for kind in [MediaReport.Part.Kind.encoder, .decoder, .filter] {
            let names = report.parts.filter { $0.kind == kind && $0.isPresent }.map(\.name)
            add(.init("\(kind.rawValue)s", .ok, names.joined(separator: ", ")))
        }
        for part in report.missing {
            // Only what every run needs is counted as missing.
            let isNeeded = ["libx264", "aac", "h264"].contains(part.name)
            add(
                .init(
                    part.name, isNeeded ? .missing : .note,
                    "this FFmpeg has no \(part.kind.rawValue) \(part.name): \(part.use)",
                    hint: "use an FFmpeg that is built with it, such as Debian's"))
        }
    }

    /// Looks for presets, and whether their weights are there and whole.
    mutating func examinePresets(in library: PresetLibrary) {
        let entries = library.list()
        var usable: [String] = []
        for entry in entries {
            do {
                let preset = try entry.preset.get()
                for size in preset.sizes { _ = try preset.weights(of: size) }
                usable.append(entry.name)
            } catch {
                let reason = (error as? SakugaError)?.message ?? "\(error)"
                add(
                    .init(
                        "preset", .note, reason,
                        hint: "remove '\(entry.folder.path)', or put a whole copy of it there"))
            }
        }
        if usable.isEmpty {
            let folders = library.folders.map { "'\($0.path)'" }.joined(separator: ", ")
            add(
                .init(
                    "presets", .missing, "none found in \(folders)",
                    hint: "run sakuga presets add FOLDER, or name a folder of presets in SAKUGA_PRESETS"))
        } else {
            add(.init("presets", .ok, usable.joined(separator: ", ")))
        }
    }

    /// Looks whether compiled networks can be kept in `folder`.
    mutating func examineCache(in folder: URL) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let probe = folder.appendingPathComponent(".doctor-\(UUID().uuidString)")
            try Data("sakuga".utf8).write(to: probe)
            try FileManager.default.removeItem(at: probe)
        } catch {
            add(
                .init(
                    "cache", .note, "'\(folder.path)' cannot be written: networks are compiled anew at every start",
                    hint: "make it writable, or point XDG_CACHE_HOME to a folder that is"))
            return
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let bytes = files.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
        let megabytes = String(format: "%.1f", Double(bytes) / 1_000_000)
        add(.init("cache", .ok, "\(folder.path), \(files.count) files, \(megabytes) MB"))
    }

    /// The report as lines of text, without a final line feed.
    var text: String {
        let width = findings.map(\.name.count).max() ?? 0
        return findings.map { finding in
            let name = finding.name + String(repeating: " ", count: width - finding.name.count)
            let mark = ["ok": "ok     ", "note": "note   ", "missing": "MISSING"][finding.state.rawValue] ?? ""
            let hint = finding.hint.map { "\n" + String(repeating: " ", count: width + 11) + $0 } ?? ""
            return "\(name)  \(mark)  \(finding.text)\(hint)"
        }.joined(separator: "\n")
    }
}
