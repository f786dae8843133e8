package import Foundation
internal import Frames

/// Adding presets to the user's folder, and taking them away.
extension PresetLibrary {
    private static let largestFile = 1 << 30

    /// Copies the preset in a folder, or in a .tar file (also .tar.gz), into the user's folder, after its description and
    /// all its weights were read and checked. There is never half a preset: it is put together beside its place and
    /// renamed. Only the files that make up a preset are copied. One of the same name is replaced where `replacing`.
    ///
    /// - Returns: the preset where it is now.
    /// - Throws: `.noInput` or `.data` for what cannot be used, `.cannotCreate` where the user's folder takes no files or
    ///   already has a preset of this name.
    @discardableResult
    package func add(from source: URL, replacing: Bool = false) throws -> Preset {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source.path, isDirectory: &isFolder) else {
            throw SakugaError(.noInput, "cannot add preset '\(source.path)': no such file or folder")
        }
        if isFolder.boolValue { return try add(folder: source, replacing: replacing) }
        let unpacked = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sakuga-preset-\(UUID().uuidString)", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: unpacked) }
        try PresetArchive(file: source).unpack(into: unpacked)
        return try add(folder: presetFolder(in: unpacked, of: source), replacing: replacing)
    }

    /// Removes a preset from the user's folder.
    ///
    /// - Throws: `.usage` where it is not there, `.cannotCreate` where it cannot be removed.
    package func remove(named name: String) throws {
        let folder = userFolder.appendingPathComponent(name, isDirectory: true)
        guard Self.isName(name), FileManager.default.fileExists(atPath: folder.path) else {
            if let found = self.folder(of: name) {
                throw SakugaError(
                    .usage, "cannot remove preset '\(name)': it was not added by you, it is in '\(found.path)'")
            }
            throw SakugaError(.usage, "there is no preset '\(name)' in '\(userFolder.path)'")
        }
        do {
            // Renamed first, so that a removal that is interrupted leaves no half preset behind.
            let leaving = userFolder.appendingPathComponent(".removing-\(UUID().uuidString)", isDirectory: true)
            try FileManager.default.moveItem(at: folder, to: leaving)
            try FileManager.default.removeItem(at: leaving)
        } catch {
            throw SakugaError(.cannotCreate, "cannot remove preset '\(folder.path)': \(Self.reason(error))")
        }
    }

    private func add(folder: URL, replacing: Bool) throws -> Preset {
        let preset = try Preset(folder: folder)
        for size in preset.sizes { _ = try preset.weights(of: size) }
        let place = userFolder.appendingPathComponent(preset.name, isDirectory: true)
        let exists = FileManager.default.fileExists(atPath: place.path)
        guard replacing || !exists else {
            throw SakugaError(.cannotCreate, "cannot add preset '\(preset.name)': '\(place.path)' exists")
        }
        let arriving = userFolder.appendingPathComponent(".adding-\(UUID().uuidString)", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: arriving) }
        do {
            try FileManager.default.createDirectory(at: arriving, withIntermediateDirectories: true)
            let files = Preset.otherFiles + preset.sizes.map(\.weightsFile.lastPathComponent)
            for file in Set(files) { try Self.copy(file, from: folder, to: arriving) }
            try Self.put(arriving, in: place)
        } catch let error as SakugaError {
            throw error
        } catch {
            throw SakugaError(.cannotCreate, "cannot add preset '\(place.path)': \(Self.reason(error))")
        }
        return try Preset(folder: place)
    }

    /// Renames a folder to `place`, and removes the one that was there; where that fails, the old one is put back.
    static func put(_ arriving: URL, in place: URL) throws {
        let leaving = place.deletingLastPathComponent().appendingPathComponent(
            ".removing-\(UUID().uuidString)", isDirectory: true)
        let exists = FileManager.default.fileExists(atPath: place.path)
        if exists { try FileManager.default.moveItem(at: place, to: leaving) }
        do {
            try FileManager.default.moveItem(at: arriving, to: place)
        } catch {
            if exists { try FileManager.default.moveItem(at: leaving, to: place) }
            throw error
        }
        try? FileManager.default.removeItem(at: leaving)
    }

    /// Copies a file where it is there. A link is refused: in an archive it could lead anywhere.
    private static func copy(_ file: String, from source: URL, to target: URL) throws {
        let from = source.appendingPathComponent(file)
        guard FileManager.default.fileExists(atPath: from.path) else { return }
        let values = try from.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
        guard values.isRegularFile == true, values.fileSize ?? 0 <= largestFile else {
            throw SakugaError(
                .data, "cannot add '\(from.path)': not a plain file, or larger than \(largestFile >> 20) MiB")
        }
        try FileManager.default.copyItem(at: from, to: target.appendingPathComponent(file))
    }

    /// The folder that holds `preset.json`: the archive's top, or the one folder in it.
    private func presetFolder(in unpacked: URL, of archive: URL) throws -> URL {
        let folders = try FileManager.default.contentsOfDirectory(atPath: unpacked.path).sorted().map {
            unpacked.appendingPathComponent($0, isDirectory: true)
        }
        let found = ([unpacked] + folders).first {
            FileManager.default.fileExists(atPath: $0.appendingPathComponent(Preset.descriptionFile).path)
        }
        guard let found else {
            throw SakugaError(
                .data, "cannot add preset '\(archive.path)': there is no \(Preset.descriptionFile) in it")
        }
        return found
    }

    private static func reason(_ error: any Error) -> String {
        (error as NSError).localizedFailureReason ?? error.localizedDescription
    }
}
