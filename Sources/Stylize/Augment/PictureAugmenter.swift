internal import Foundation
internal import Frames
internal import Inference
internal import Media
internal import Model
internal import Synchronization
internal import Temporal

/// Makes the drawings of one picture after the other. Callable from several threads, for different pictures.
final class PictureAugmenter: Sendable {
    private let dataset: Dataset
    private let folder: String
    private let manifest: AugmentManifest
    private let overwrites: Bool
    /// What has been begun and has no name yet.
    private let unfinished = Mutex<[String: OutputFile]>([:])

    init(_ dataset: Dataset, folder: String, manifest: AugmentManifest, overwrites: Bool) {
        (self.dataset, self.folder, self.manifest) = (dataset, folder, manifest)
        self.overwrites = overwrites
    }

    func path(of output: String) -> String { (folder as NSString).appendingPathComponent(output) }

    /// Whether an output is there and was made from the same with the same options.
    func isDone(_ entry: ManifestEntry) -> Bool {
        !overwrites && manifest.entry(entry.output) == entry
            && FileManager.default.fileExists(atPath: path(of: entry.output))
    }

    /// Takes away what has been begun, for a program that is about to quit.
    func abandon() {
        unfinished.withLock { for file in $0.values { file.discard() } }
    }

    /// Draws a picture with each generator in turn.
    ///
    /// - Parameters:
    ///   - work: what to make, each with the generator of its seed.
    ///   - isStopped: asked before every drawing.
    ///   - made: called after every drawing.
    /// - Returns: a sentence about damage, where there is some.
    /// - Throws: what keeps the picture from being read or drawn, or an output from being written.
    func draw(
        _ picture: String, _ work: [(entry: ManifestEntry, generator: AnySizeGenerator)], isStopped: () -> Bool,
        made: (ManifestEntry) throws -> Void
    ) throws -> String? {
        guard let alignment = work.first?.generator.alignment else { return nil }
        let source = dataset.path(of: picture)
        var options = InputOptions()
        // Boxes and masks count the pixels as they are stored.
        options.turnsUpright = false
        let reader = try MediaReader(source, options: options)
        guard let decoded = try reader.nextPicture() else { return nil }
        let (width, height) = (reader.picture.width, reader.picture.height)
        let pool = FramePool(width: width, height: height, alignment: alignment)
        let original = try PictureConverter(for: reader.picture, pool: pool, alpha: .keptOverFilledColors)
            .frame(from: decoded)
        _ = try reader.nextPicture()
        let blend = PixelBlend(width: width, height: height)
        for (entry, generator) in work where !isStopped() {
            var drawn = original
            drawn.pixels = pool.makeBuffer()
            try generator.draw(original.pixels, into: drawn.pixels)
            drawn.pixels = blend.finished(
                original: original.pixels, drawn: drawn.pixels, strength: entry.strength ?? 1, keepColor: false)
            try write(drawn, as: entry, reader)
            try made(entry)
        }
        return reader.damage.isClean ? nil : "'\(source)' is damaged: \(reader.damage.firstReason)"
    }

    private func write(_ drawing: Frame, as entry: ManifestEntry, _ reader: MediaReader) throws {
        let output = path(of: entry.output)
        var options = OutputOptions()
        // Pictures are made side by side; threads within one would only wait for each other.
        options.encoder.options["threads"] = "1"
        let plan = try OutputPlan.make(for: reader, output: output, options: options)
        try produce(entry) { file in
            let writer = try MediaWriter(
                url: file, name: output, plan: plan, reader: reader, output: options, width: drawing.pixels.width,
                height: drawing.pixels.height)
            try writer.encode(try writer.converter.picture(from: drawing))
            try writer.finish()
            let orientation = reader.picture.storedOrientation
            if orientation != 1 { _ = try OrientationTag.write(orientation, into: file) }
        }
    }

    /// Copies a file unless the same is there.
    ///
    /// - Throws: `.noInput` where it cannot be read, `.inputOutput` where the copy cannot be written.
    func copy(_ entry: ManifestEntry) throws {
        let source = dataset.path(of: entry.source)
        guard FileManager.default.isReadableFile(atPath: source) else {
            throw SakugaError(.noInput, "cannot read '\(source)'")
        }
        if FileManager.default.contentsEqual(atPath: source, andPath: path(of: entry.output)) {
            try manifest.add(entry)
            return
        }
        try produce(entry) { file in
            try? FileManager.default.removeItem(atPath: file)
            do {
                try FileManager.default.copyItem(atPath: source, toPath: file)
            } catch {
                throw SakugaError(.inputOutput, "cannot copy '\(source)': \(error.localizedDescription)")
            }
        }
    }

    /// Makes a file under another name, notes it in the manifest, and gives it its own.
    func produce(_ entry: ManifestEntry, _ make: (_ file: String) throws -> Void) throws {
        let output = path(of: entry.output)
        let file = try OutputFile(
            path: output, inputs: [dataset.path(of: entry.source)],
            overwrites: overwrites || manifest.entry(entry.output) != nil, holdsPictures: false)
        unfinished.withLock { $0[output] = file }
        defer { unfinished.withLock { $0[output] = nil } }
        do {
            try make(file.workingPath)
            // First the old one goes: a line must never stand beside a file that it does not describe.
            if manifest.entry(entry.output) != entry { unlink(output) }
            try manifest.add(entry)
        } catch {
            file.discard()
            throw error
        }
        try file.publish()
    }
}
