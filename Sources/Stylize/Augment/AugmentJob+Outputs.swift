internal import Foundation
internal import Frames

extension AugmentJob {
    /// What is there and was not made with these options would be replaced: that is asked for first.
    func checkOutputs() throws(SakugaError) {
        try checkOriginals()
        guard !request.overwrites else { return }
        for entry in plan.tasks.flatMap(\.drawings) + plan.copies {
            let path = augmenter.path(of: entry.output)
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let known = manifest.entry(entry.output)
            let isSame = known == nil && entry.kind == .copy
            if known == entry { continue }
            if isSame, FileManager.default.contentsEqual(atPath: dataset.path(of: entry.source), andPath: path) {
                continue
            }
            throw SakugaError(
                .cannotCreate,
                "'\(path)' exists already" + (known == nil ? "" : " and was made with other options"),
                hint: "give --overwrite, or another folder with -o")
        }
    }

    /// An output folder around the originals could hold one of them under an output's name.
    private func checkOriginals() throws(SakugaError) {
        let (inputs, outputs) = (Dataset.resolved(request.folder) + "/", Dataset.resolved(request.output) + "/")
        guard inputs.hasPrefix(outputs) || outputs.hasPrefix(inputs) else { return }
        let originals = Set((plan.tasks.map(\.picture) + plan.copies.map(\.source)).map { inputs + $0 })
        for entry in plan.tasks.flatMap(\.drawings) + plan.copies where originals.contains(outputs + entry.output) {
            throw SakugaError(
                .usage, "'\(entry.source)' would become '\(augmenter.path(of: entry.output))', which is an original",
                hint: "name another folder with -o: the originals are never replaced")
        }
    }

    private var folders: [String] {
        let outputs = (plan.tasks.flatMap(\.drawings) + plan.copies).map { augmenter.path(of: $0.output) }
        return Set(outputs.map { ($0 as NSString).deletingLastPathComponent }).union([request.output]).sorted()
    }

    func makeFolders() throws(SakugaError) {
        for folder in folders {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw SakugaError(
                    .cannotCreate, "cannot create the folder '\(folder)'", hint: "choose another place with -o")
            }
            guard FileManager.default.isWritableFile(atPath: folder) else {
                throw SakugaError(
                    .cannotCreate, "the folder '\(folder)' is not writable", hint: "choose another place with -o")
            }
            removeLeftovers(in: folder)
        }
    }

    /// Folders of which nothing came are taken away again; those that hold something stay by themselves.
    func removeEmptyFolders() {
        for folder in folders.reversed() { rmdir(folder) }
    }

    /// Removes what a run that was killed has begun; nobody else may take it for a picture.
    private func removeLeftovers(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let mark = name.range(of: #"\.unfinished-[0-9]+"#, options: .regularExpression),
                let process = Int32(name[mark].drop { !$0.isNumber }), kill(process, 0) != 0, errno == ESRCH
            else { continue }
            unlink((folder as NSString).appendingPathComponent(name))
        }
    }
}
