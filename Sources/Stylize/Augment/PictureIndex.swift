internal import Foundation

/// Finds the picture that a label or a mask belongs to, by its name and place.
struct PictureIndex: Sendable {
    /// A picture, and what the file has behind the picture's name: `_mask` in `dog_mask.png`.
    struct Match: Equatable {
        let picture: Int
        let rest: String
    }

    private let pictures: [String]
    private let byStem: [String: [Int]]

    init(_ pictures: [String]) {
        self.pictures = pictures
        byStem = Dictionary(grouping: pictures.indices) { Self.stem(pictures[$0]) }
    }

    /// The picture of the same name, or, with `allowsRest`, of the longest name that the file's begins with; of several
    /// the one whose folders agree most with the file's: `images/train/a.jpg` and `labels/train/a.txt`.
    func match(_ file: String, allowsRest: Bool) -> Match? {
        let whole = Self.stem(file)
        var stem = Substring(whole)
        while true {
            if let candidates = byStem[String(stem)] {
                let best = candidates.max { agreement(pictures[$0], file) < agreement(pictures[$1], file) }
                return best.map { Match(picture: $0, rest: String(whole.dropFirst(stem.count))) }
            }
            guard allowsRest, let cut = stem.lastIndex(where: { "-_.".contains($0) }), cut > stem.startIndex else {
                return nil
            }
            stem = stem[..<cut]
        }
    }

    /// The picture that `file_name` of the COCO file `document` means: one whose path ends so, of several the one that
    /// lies beside the document, or in a folder that the document is named after (`instances_train.json`, `train/`).
    func picture(named name: String, in document: String) -> Int? {
        let wanted = name.split(separator: "/").filter { $0 != "." }
        guard !wanted.isEmpty, let candidates = byStem[Self.stem(name)] else { return nil }
        let named = candidates.filter { pictures[$0].split(separator: "/").last == wanted.last }
        let fitting = named.filter { pictures[$0].split(separator: "/").suffix(wanted.count).elementsEqual(wanted) }
        // Some tools write the folders of another machine.
        let chosen = fitting.isEmpty && named.count == 1 ? named : fitting
        func score(_ picture: Int) -> Int {
            let folders = pictures[picture].split(separator: "/").dropLast()
            let place = document.split(separator: "/").dropLast()
            let isNamed = folders.contains { document.lowercased().contains($0.lowercased()) }
            return (folders.starts(with: place) && !place.isEmpty ? 2 : 0) + (isNamed ? 1 : 0)
        }
        return chosen.max { score($0) < score($1) }
    }

    /// How many of the folders are the same, counted from the file on.
    private func agreement(_ picture: String, _ file: String) -> Int {
        zip(picture.split(separator: "/").dropLast().reversed(), file.split(separator: "/").dropLast().reversed())
            .prefix { $0 == $1 }.count
    }

    static func stem(_ file: String) -> String {
        ((file as NSString).lastPathComponent as NSString).deletingPathExtension
    }
}
