internal import Foundation

/// A COCO file of annotations (https://cocodataset.org/#format-data), written anew so that every version of a picture is
/// an image of its own with its own annotations. Numbers, order and everything that is not an id or a file's name stay
/// as they are, to the letter.
struct COCODocument {
    /// A version of a picture that is to be listed.
    enum Version: Equatable {
        case original
        /// The drawing of this seed, with the name of its file.
        case drawing(seed: UInt64, file: String)
    }

    /// What was written.
    struct Counts: Equatable {
        var images = 0
        var annotations = 0
        /// Images that are left out, because their pictures are not in the folder or could not be drawn.
        var missing = 0
    }

    private struct Image {
        let id: String
        let version: Version
    }

    private let slices: JSONSlices
    private let members: [JSONSlices.Member]

    /// - Returns: nil for a document that is no COCO file.
    init?(_ bytes: UnsafeRawBufferPointer) {
        slices = JSONSlices(bytes: bytes)
        var members: [JSONSlices.Member] = []
        guard let root = try? slices.root(),
            (try? slices.forEachMember(of: root) { members.append($0) }) != nil
        else { return nil }
        self.members = members
        let arrays = ["images", "annotations"].compactMap { name in members.first { slices.text($0.key) == name } }
        guard arrays.count == 2, arrays.allSatisfy({ bytes[$0.value.lowerBound] == UInt8(ascii: "[") }) else {
            return nil
        }
    }

    /// Writes the document.
    ///
    /// - Parameters:
    ///   - versions: of the picture with a `file_name`; nil where it is not known.
    ///   - write: takes the next bytes.
    func write(versions: (String) -> [Version]?, to write: @escaping (UnsafeRawBufferPointer) throws -> Void) throws
        -> Counts
    {
        var output = JSONPieceWriter(slices: slices, write: write)
        var counts = Counts()
        var images: [String: [Image]] = [:]
        output.append("{")
        for (number, member) in members.enumerated() {
            output.append(number == 0 ? "\n\"" : ",\n\"")
            output.append(member.key)
            output.append("\": ")
            switch slices.text(member.key) {
            case "images": images = try self.writeImages(in: member.value, versions, &output, &counts)
            case "annotations" where !images.isEmpty || counts.missing > 0:
                try writeAnnotations(in: member.value, images, &output, &counts)
            case "annotations":
                // They come before the images: those are looked through first, for nothing but their ids.
                var nothing = JSONPieceWriter(slices: slices) { _ in }
                var none = Counts()
                let list = members.first { slices.holds("images", $0.key) }!.value
                images = try self.writeImages(in: list, versions, &nothing, &none)
                try writeAnnotations(in: member.value, images, &output, &counts)
            default: output.append(member.value)
            }
            try output.flush(atLeast: 1 << 20)
        }
        output.append("\n}\n")
        try output.flush(atLeast: 0)
        return counts
    }

    private func writeImages(
        in list: Range<Int>, _ versions: (String) -> [Version]?, _ output: inout JSONPieceWriter, _ counts: inout Counts
    ) throws -> [String: [Image]] {
        var ids = try COCOIdentifiers(slices, list)
        var images: [String: [Image]] = [:]
        output.append("[")
        var isFirst = true
        try slices.forEachElement(of: list) { image in
            var places: (id: Range<Int>?, name: Range<Int>?)
            try slices.forEachMember(of: image) { member in
                if slices.holds("id", member.key) { places.id = member.value }
                if slices.holds("file_name", member.key) { places.name = member.value }
            }
            guard let id = places.id, let place = places.name, let name = slices.string(place),
                let found = versions(name), !found.isEmpty
            else {
                counts.missing += 1
                return
            }
            for version in found {
                output.append(isFirst ? "\n" : ",\n")
                isFirst = false
                counts.images += 1
                var own = slices.text(id)
                if case .drawing(let seed, let file) = version {
                    own = ids.next(for: own, seed: seed)
                    output.append(image, replacing: [(id, own), (place, Self.renamed(name, to: file))])
                } else {
                    output.append(image)
                }
                images[slices.text(id), default: []].append(Image(id: own, version: version))
            }
            try output.flush(atLeast: 1 << 20)
        }
        output.append("\n]")
        return images
    }

    private func writeAnnotations(
        in list: Range<Int>, _ images: [String: [Image]], _ output: inout JSONPieceWriter, _ counts: inout Counts
    ) throws {
        var ids = try COCOIdentifiers(slices, list)
        output.append("[")
        var isFirst = true
        try slices.forEachElement(of: list) { annotation in
            var places: (id: Range<Int>?, image: Range<Int>?, name: Range<Int>?)
            try slices.forEachMember(of: annotation) { member in
                if slices.holds("id", member.key) { places.id = member.value }
                if slices.holds("image_id", member.key) { places.image = member.value }
                // Panoptic annotations name the picture of their segments.
                if slices.holds("file_name", member.key) { places.name = member.value }
            }
            guard let place = places.image else { return }
            for image in images[slices.text(place)] ?? [] {
                output.append(isFirst ? "\n" : ",\n")
                isFirst = false
                counts.annotations += 1
                guard case .drawing(let seed, _) = image.version else {
                    output.append(annotation)
                    continue
                }
                var changes = [(place, image.id)]
                if let id = places.id { changes.append((id, ids.next(for: slices.text(id), seed: seed))) }
                if let name = places.name, let text = slices.string(name) {
                    changes.append((name, Self.renamed(text, to: AugmentPlan.name(of: text, rest: "", seed: seed))))
                }
                output.append(annotation, replacing: changes)
            }
            try output.flush(atLeast: 1 << 20)
        }
        output.append("\n]")
    }

    /// A JSON string: `name` with the last part of its path replaced by that of `file`.
    private static func renamed(_ name: String, to file: String) -> String {
        let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        let path = folder + (file as NSString).lastPathComponent
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string can always be encoded.
        return (try? encoder.encode(path)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
