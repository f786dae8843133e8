internal import Foundation
internal import Frames
internal import Synchronization

extension AugmentJob {
    /// Lists the drawings in a COCO file; any other JSON file is copied.
    ///
    /// - Throws: `.data` and `.noInput` for a file that cannot be used.
    func rewrite(_ entry: ManifestEntry, _ warn: (String) -> Void) throws {
        let source = dataset.path(of: entry.source)
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: source), options: .mappedIfSafe) else {
            throw SakugaError(.noInput, "it cannot be read")
        }
        let index = PictureIndex(dataset.pictures)
        let failed = failures.withLock { Set($0.keys) }
        func versions(_ name: String) -> [COCODocument.Version]? {
            guard let number = index.picture(named: name, in: entry.source), !failed.contains(number) else {
                return nil
            }
            let drawings = zip(request.seeds, plan.tasks[number].drawings).map { seed, drawing in
                COCODocument.Version.drawing(seed: seed, file: drawing.output)
            }
            return (request.keepsOriginals ? [.original] : []) + drawings
        }
        let counts = try data.withUnsafeBytes { bytes -> COCODocument.Counts? in
            guard let document = COCODocument(bytes) else { return nil }
            var counts = COCODocument.Counts()
            try augmenter.produce(entry) { counts = try Self.write(document, to: $0, versions) }
            return counts
        }
        guard let counts else {
            try augmenter.copy(entry)
            return
        }
        if counts.missing > 0 {
            let images = counts.missing == 1 ? "1 image is" : "\(counts.missing) images are"
            warn("'\(source)': \(images) left out, for want of a picture in the folder that could be drawn")
        }
    }

    private static func write(
        _ document: COCODocument, to path: String, _ versions: (String) -> [COCODocument.Version]?
    ) throws -> COCODocument.Counts {
        guard let file = fopen(path, "wb") else {
            throw SakugaError(
                .cannotCreate, "cannot create '\(path)': \(String(cString: strerror(errno)).lowercased())")
        }
        func failure() -> SakugaError {
            SakugaError(.inputOutput, "cannot write '\(path)': \(String(cString: strerror(errno)).lowercased())")
        }
        do {
            let counts = try document.write(versions: versions) { bytes in
                guard fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count else { throw failure() }
            }
            guard fclose(file) == 0 else { throw failure() }
            return counts
        } catch let error as SakugaError {
            fclose(file)
            throw error
        } catch {
            fclose(file)
            throw SakugaError(.data, "it is no valid JSON")
        }
    }
}
