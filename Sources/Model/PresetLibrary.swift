package import Foundation
package import Frames

/// The folders in which presets are found.
package struct PresetLibrary: Sendable {
    /// What is drawn with where nobody says otherwise; the server's page and its description name it too.
    package static let standard = "anime"

    /// Folders that hold preset folders, the one looked into first in front.
    package let folders: [URL]
    /// Where `add` puts presets and `remove` takes them from.
    package let userFolder: URL

    /// The search order: the colon-separated `SAKUGA_PRESETS`; `presets` beside the executable, or in a folder above it
    /// that holds the package (so that a build folder works); `../share/sakuga/presets` as installed; the user's own
    /// `~/.local/share/sakuga/presets` (`XDG_DATA_HOME` is honoured).
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        executable: URL? = Bundle.main.executableURL
    ) {
        var folders = (environment["SAKUGA_PRESETS"] ?? "").split(separator: ":").map {
            URL(fileURLWithPath: String($0), isDirectory: true)
        }
        if let executable {
            var folder = executable.resolvingSymlinksInPath().deletingLastPathComponent()
            folders.append(folder.appendingPathComponent("presets", isDirectory: true))
            folders.append(
                folder.deletingLastPathComponent().appendingPathComponent("share/sakuga/presets", isDirectory: true))
            while folder.path.count > 1 {
                folder.deleteLastPathComponent()
                let package = folder.appendingPathComponent("Package.swift")
                if FileManager.default.fileExists(atPath: package.path) {
                    folders.append(folder.appendingPathComponent("presets", isDirectory: true))
                    break
                }
            }
        }
        let home = environment["HOME"] ?? NSHomeDirectory()
        let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.local/share"
        userFolder = URL(fileURLWithPath: data, isDirectory: true).appendingPathComponent(
            "sakuga/presets", isDirectory: true)
        self.folders = folders + [userFolder]
    }

    /// A preset and the size of it that was asked for.
    package struct Choice: Sendable {
        package let preset: Preset
        package var size: Preset.Size
    }

    /// Finds `NAME`, `NAME:SIZE`, or a preset folder by its path, also with `:SIZE`.
    ///
    /// - Throws: `.usage` for an unknown name, with the nearest ones; `.data` where the preset is broken.
    package func preset(named text: String) throws -> Choice {
        if isPresetFolder(text) { return try choice(URL(fileURLWithPath: text, isDirectory: true), size: nil) }
        var name = text
        var size: String?
        if let colon = text.lastIndex(of: ":") {
            name = String(text[..<colon])
            size = String(text[text.index(after: colon)...])
        }
        if isPresetFolder(name) { return try choice(URL(fileURLWithPath: name, isDirectory: true), size: size) }
        if let folder = folder(of: name) { return try choice(folder, size: size) }
        if name.contains("/") {
            throw SakugaError(.noInput, "cannot open preset '\(name)': there is no \(Preset.descriptionFile) in it")
        }
        throw SakugaError(.usage, "there is no preset '\(name)'", hint: suggestion(for: name))
    }

    /// Names of the presets found, in alphabetical order; where two folders hold one name the first counts.
    package func names() -> [String] {
        var names = Set<String>()
        for folder in folders {
            let found = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            for name in found where Self.isName(name) && isPresetFolder(folder.appendingPathComponent(name).path) {
                names.insert(name)
            }
        }
        return names.sorted()
    }

    /// A preset that was found, whole or broken.
    package struct Entry: Sendable {
        package let name: String
        package let folder: URL
        package let preset: Result<Preset, SakugaError>
    }

    /// All presets found, in alphabetical order. A broken one is listed with what is wrong with it.
    package func list() -> [Entry] {
        names().compactMap { name in
            folder(of: name).map { folder in
                let preset = Result { try Preset(folder: folder) }.mapError {
                    $0 as? SakugaError ?? SakugaError(.data, "cannot read preset '\(folder.path)': \($0)")
                }
                return Entry(name: name, folder: folder, preset: preset)
            }
        }
    }

    /// Whether `text` can name a preset or a file in one: letters, digits, `-`, `_`, `.`, at most 100, no `.` in front.
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "."), text.utf8.count <= 100 else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }

    package func folder(of name: String) -> URL? {
        guard Self.isName(name) else { return nil }
        return folders.map { $0.appendingPathComponent(name, isDirectory: true) }.first { isPresetFolder($0.path) }
    }

    private func isPresetFolder(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + Preset.descriptionFile)
    }

    private func choice(_ folder: URL, size: String?) throws -> Choice {
        let preset = try Preset(folder: folder)
        return Choice(preset: preset, size: try preset.size(named: size))
    }

    private func suggestion(for name: String) -> String {
        let known = names()
        guard !known.isEmpty else {
            return "no presets were found; they are looked for in "
                + folders.map { "'\($0.path)'" }.joined(separator: ", ")
        }
        let near = known.filter { Self.editDistance($0, name) <= max(1, name.count / 3) }
        return near.isEmpty
            ? "the presets are: " + known.joined(separator: ", ")
            : "did you mean " + near.map { "'\($0)'" }.joined(separator: " or ") + "?"
    }

    /// Levenshtein's edit distance between two short words.
    private static func editDistance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.lowercased()), Array(b.lowercased().prefix(100)))
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
