internal import Foundation
internal import Frames

/// The files of a folder of pictures for training, sorted by what becomes of them. Paths begin in the folder.
struct Dataset: Sendable {
    let folder: String
    /// Pictures to draw.
    private(set) var pictures: [String] = []
    /// Masks and whatever else belongs to a picture, copied for every variant of it.
    private(set) var sideFiles: [String] = []
    /// Text files, which may be labels of a picture.
    private(set) var texts: [String] = []
    /// JSON files, which may be COCO's.
    private(set) var documents: [String] = []
    /// What describes the whole: `data.yaml` and the like.
    private(set) var others: [String] = []
    /// Sentences about what is passed over, and what was taken for labels.
    private(set) var notes: [String] = []

    private var passedOver: [String] = []
    private var palettes: [String] = []
    private let copied: [GlobPattern]
    private let drawn: [GlobPattern]
    private let excluded: String

    /// Lists the folder, in the order of names. Hidden files, links to folders and the output are left out.
    ///
    /// - Throws: `.noInput` where it cannot be read, `.data` where there is no picture in it.
    init(_ request: AugmentRequest) throws(SakugaError) {
        folder = request.folder
        copied = request.copied.map(GlobPattern.init)
        drawn = request.drawn.map(GlobPattern.init)
        excluded = Self.resolved(request.output)
        guard (try? FileManager.default.contentsOfDirectory(atPath: folder)) != nil else {
            throw SakugaError(.noInput, "cannot open the folder '\(folder)'", hint: "check the path")
        }
        add("")
        guard !pictures.isEmpty else {
            throw SakugaError(
                .data, "there is no picture to draw in the folder '\(folder)'",
                hint: "files are judged by their names, such as .jpg or .png")
        }
        if let first = palettes.first {
            notes.append(
                "'\(first)'\(Self.more(palettes)) is taken for labels, since it has a palette: --draw draws such pictures"
            )
        }
        if let first = passedOver.first {
            notes.append("'\(first)'\(Self.more(passedOver)) is passed over: neither picture nor label")
        }
    }

    func path(of file: String) -> String { (folder as NSString).appendingPathComponent(file) }

    static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }

    private static func more(_ files: [String]) -> String {
        files.count > 1 ? " and \(files.count - 1) more like it" : ""
    }

    private mutating func add(_ place: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(of: place))) ?? []
        for name in names.sorted() where !name.hasPrefix(".") {
            let file = place.isEmpty ? name : place + "/" + name
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path(of: file), isDirectory: &isFolder) else { continue }
            guard isFolder.boolValue else {
                sort(file)
                continue
            }
            let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path(of: file))) != nil
            if isLink {
                passedOver.append(file)
            } else if Self.resolved(path(of: file)) != excluded {
                add(file)
            }
        }
    }

    private mutating func sort(_ file: String) {
        let ending = (file as NSString).pathExtension.lowercased()
        if copied.contains(where: { $0.matches(file) }) {
            sideFiles.append(file)
        } else if MediaNames.isPicture(ending.isEmpty ? file : "x." + ending), !OutputFile.isSequence(file) {
            sortPicture(file)
        } else if ending == "txt" {
            texts.append(file)
        } else if ending == "json" {
            documents.append(file)
        } else if ["yaml", "yml", "names", "data"].contains(ending) {
            others.append(file)
        } else {
            passedOver.append(file)
        }
    }

    private mutating func sortPicture(_ file: String) {
        let folders = file.split(separator: "/").dropLast().map { $0.lowercased() }
        if drawn.contains(where: { $0.matches(file) }) {
            pictures.append(file)
        } else if folders.contains(where: Self.labelFolders.contains) {
            sideFiles.append(file)
        } else if Self.hasPalette(path(of: file)) {
            palettes.append(file)
            sideFiles.append(file)
        } else {
            pictures.append(file)
        }
    }

    /// Folders whose pictures are label images.
    private static let labelFolders: Set<String> = [
        "mask", "masks", "label", "labels", "annotation", "annotations", "segmentation", "segmentations",
        "segmentationclass", "segmentationobject",
    ]

    /// Whether the file is a PNG whose pixels are numbers of colours, as label images are (ISO/IEC 15948, 11.2.2).
    private static func hasPalette(_ path: String) -> Bool {
        guard path.lowercased().hasSuffix(".png"), let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        guard let head = try? file.read(upToCount: 26), head.count == 26 else { return false }
        return head.starts(with: [0x89, 0x50, 0x4E, 0x47]) && head[25] == 3
    }
}
