internal import Foundation
package import Frames
internal import Media
package import Stylize

/// The inputs of a batch: files, folders with all that is below them, patterns and manifests.
package struct BatchInputs: Sendable {
    private let arguments: [String]
    private let folder: String
    private let usual: StylizeRequest

    /// - Parameters:
    ///   - arguments: as given on the command line.
    ///   - folder: where results go.
    ///   - usual: the options of all that have none of their own.
    package init(_ arguments: [String], into folder: String, usual: StylizeRequest) {
        (self.arguments, self.folder, self.usual) = (arguments, folder, usual)
    }

    /// All items, as they are found now; an output is named once.
    ///
    /// - Throws: `.noInput`, `.data` or `.usage` for arguments and manifests that say nothing sensible.
    package func items() throws(SakugaError) -> [BatchItem] {
        var items: [BatchItem] = []
        for argument in arguments {
            if Self.isFolder(argument) {
                guard !Self.isSame(argument, folder) else {
                    throw SakugaError(
                        .usage, "the results would take the names of their inputs in '\(argument)'",
                        hint: "choose another folder with -o, for instance \(argument)/drawn")
                }
                for path in try Self.files(below: argument, but: folder) {
                    items.append(item((argument as NSString).appendingPathComponent(path), below: path, usual))
                }
            } else if Manifest.isManifest(argument) {
                items += try self.items(of: argument)
            } else if argument.contains(where: "*?[".contains), !FileManager.default.fileExists(atPath: argument) {
                let matches = try Self.files(matching: argument)
                items += matches.map { item($0, below: ($0 as NSString).lastPathComponent, usual) }
            } else {
                items.append(item(argument, below: (argument as NSString).lastPathComponent, usual))
            }
        }
        return Self.distinct(items)
    }

    private func items(of manifest: String) throws(SakugaError) -> [BatchItem] {
        var items: [BatchItem] = []
        for (number, row) in try Manifest(manifest).rows.enumerated() {
            var request = usual
            do {
                try ItemOptions.apply(row.filter { !["input", "output"].contains($0.key) }, to: &request)
            } catch {
                throw SakugaError(
                    error.code, "entry \(number + 1) of '\(manifest)': \(error.message)", hint: error.hint)
            }
            // What a manifest names lies beside it.
            let input = Self.path(row["input"]!, from: (manifest as NSString).deletingLastPathComponent)
            if let output = row["output"], !output.isEmpty {
                request.input = input
                items.append(BatchItem(request, output: Self.path(output, from: folder)))
            } else {
                items.append(item(input, below: (input as NSString).lastPathComponent, request))
            }
        }
        return items
    }

    private static func path(_ path: String, from folder: String) -> String {
        path.hasPrefix("/") || folder.isEmpty ? path : (folder as NSString).appendingPathComponent(path)
    }

    private func item(_ input: String, below path: String, _ options: StylizeRequest) -> BatchItem {
        var request = options
        request.input = input
        let ending = OutputPlan.defaultExtension(forInput: input, isStill: MediaNames.isPicture(input))
        let name = "\((path as NSString).deletingPathExtension).\(ending)"
        return BatchItem(request, output: (folder as NSString).appendingPathComponent(name))
    }

    /// `a.mov` and `a.avi` would both become `a.mkv`: the second becomes `a.avi.mkv`.
    private static func distinct(_ items: [BatchItem]) -> [BatchItem] {
        var taken: Set<String> = []
        var inputs: Set<String> = []
        var kept: [BatchItem] = []
        for item in items where inputs.insert("\(item.input)\n\(item.output)").inserted {
            var output = item.output
            let (folder, name) = (
                (output as NSString).deletingLastPathComponent, (item.input as NSString).lastPathComponent
            )
            var number = 1
            while !taken.insert(output).inserted {
                let mark = number == 1 ? name : "\(name)-\(number)"
                output = (folder as NSString).appendingPathComponent(
                    "\(mark).\((item.output as NSString).pathExtension)")
                number += 1
            }
            kept.append(BatchItem(item.request, output: output))
        }
        return kept
    }

    // MARK: Files

    private static func isSame(_ folder: String, _ other: String) -> Bool {
        func path(_ folder: String) -> String { URL(fileURLWithPath: folder).resolvingSymlinksInPath().path }
        return path(folder) == path(other)
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Videos and pictures below a folder, sorted; hidden ones and what the program itself makes, also in `results`, are
    /// passed over.
    private static func files(below folder: String, but results: String) throws(SakugaError) -> [String] {
        let results = URL(fileURLWithPath: results).standardizedFileURL.path
        guard let names = FileManager.default.enumerator(atPath: folder) else {
            throw SakugaError(.noInput, "cannot open the folder '\(folder)'", hint: "make it readable for you")
        }
        var files: [String] = []
        while let name = names.nextObject() as? String {
            let last = (name as NSString).lastPathComponent
            let path = URL(fileURLWithPath: (folder as NSString).appendingPathComponent(name)).standardizedFileURL.path
            if last.hasPrefix(".") || last.hasSuffix(".render") || path == results {
                names.skipDescendants()
            } else if MediaNames.isMedia(name), !last.contains(".unfinished-"),
                !isFolder(path)
            {
                files.append(name)
            }
        }
        return files.sorted()
    }

    /// A pattern that the shell has left alone.
    private static func files(matching pattern: String) throws(SakugaError) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, found.gl_pathc > 0 else {
            throw SakugaError(.noInput, "no file matches '\(pattern)'", hint: "check the pattern")
        }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
            .filter { !isFolder($0) }
    }
}
