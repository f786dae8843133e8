internal import Foundation
internal import Frames

/// A preset packed by tar, trusted no more than any download.
///
/// It is listed first: links, absolute paths and `..` are refused, and so is more than a preset can be once unpacked.
/// Then only the files that a preset can have are written, from the archive's top or from one folder in it.
struct PresetArchive {
    let file: URL

    /// Bytes of all files in it together, once unpacked.
    private static let largestContents = 1 << 30
    private static let largestListing = 1 << 20
    /// Seconds of processor time that a decompressor gets: 1 GiB takes about 10.
    private static let patience = 60

    /// Unpacks what belongs to a preset into `folder`, which is made.
    ///
    /// - Throws: `.data` for what is no such archive, `.cannotCreate` where the folder takes no files.
    func unpack(into folder: URL) throws {
        let members = try self.members()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SakugaError(.cannotCreate, "cannot unpack '\(file.path)': \(error.localizedDescription)")
        }
        guard !members.isEmpty else { return }
        _ = try run(["-xf", file.path, "-C", folder.path, "--no-same-owner", "--"] + members)
    }

    /// The members to unpack, by their names in the archive.
    private func members() throws -> [String] {
        // Lines such as `-rw-r--r-- 0/0 1234 2026-01-31 12:00 folder/preset.json`. A line break in a name makes a line of
        // its own, which can only add to the sum or name a member that is not there.
        let listing = try run(["-tvf", file.path, "--numeric-owner", "--quoting-style=literal"])
        var total = 0
        var members: [String] = []
        for line in String(decoding: listing, as: UTF8.self).split(separator: "\n") {
            let columns = line.split(separator: " ", maxSplits: 5)
            guard columns.count == 6, let size = Int(columns[2]), let type = columns[0].first else {
                throw refusal("tar lists '\(line.prefix(100))' in it")
            }
            let name = String(columns[5])
            guard type == "-" || type == "d" else { throw refusal("'\(name)' in it is not a plain file") }
            let steps = name.split(separator: "/").filter { $0 != "." }
            guard !name.hasPrefix("/"), !steps.contains("..") else {
                throw refusal("'\(name)' in it leads out of its folder")
            }
            let (sum, overflow) = total.addingReportingOverflow(size)
            guard !overflow, sum <= Self.largestContents else {
                throw refusal("its files are larger than \(Self.largestContents >> 20) MiB")
            }
            total = sum
            if type == "-", steps.count <= 2, let last = steps.last, Preset.canHold(file: String(last)) {
                members.append(name)
            }
        }
        return members
    }

    /// Runs tar, within a limit of processor time and of written bytes, and returns what it prints.
    private func run(_ arguments: [String]) throws -> Data {
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/bin/sh")
        // POSIX counts blocks of 512 bytes for -f.
        let limits = "ulimit -t \(Self.patience); ulimit -f \(Self.largestContents / 512)"
        tar.arguments = ["-c", "\(limits); exec tar \"$@\"", "tar"] + arguments
        tar.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        tar.standardError = FileHandle.nullDevice
        let output = Pipe()
        tar.standardOutput = output
        do {
            try tar.run()
        } catch {
            throw SakugaError(.cannotCreate, "cannot unpack '\(file.path)': \(error.localizedDescription)")
        }
        var printed = Data()
        while printed.count <= Self.largestListing,
            let more = try? output.fileHandleForReading.read(upToCount: Self.largestListing), !more.isEmpty
        {
            printed += more
        }
        guard printed.count <= Self.largestListing else {
            tar.terminate()
            tar.waitUntilExit()
            throw refusal("there are too many files in it")
        }
        tar.waitUntilExit()
        guard tar.terminationReason == .exit, tar.terminationStatus == 0 else {
            throw refusal("not a folder, and not an archive that tar can unpack")
        }
        return printed
    }

    private func refusal(_ reason: String) -> SakugaError {
        SakugaError(.data, "cannot add preset '\(file.path)': \(reason)")
    }
}
