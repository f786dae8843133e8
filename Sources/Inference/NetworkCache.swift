internal import Foundation

/// Compiled networks on disk, and what was found out about those from elsewhere, so that the next start need not compile
/// and inspect them again.
///
/// An entry is the device's own blob, or JSON, behind a checksum. It is believed only if the checksum holds; anything else is
/// removed and compiled anew, so a damaged entry costs a compilation and no more. Entries are written beside their place
/// and renamed, so that several processes can share the folder.
struct NetworkCache: Sendable {
    let folder: URL

    private static let magic = Array("sakuganet1".utf8)
    private static let headerSize = 32
    /// Entries that are kept, the latest used; older ones are removed as new ones come.
    private static let capacity = 32

    /// The compiled network under `key`, or nil where there is none that can be used.
    func network(_ key: String, on engine: Engine) -> CompiledNetwork? {
        guard let blob = entry(key) else { return nil }
        if let network = try? engine.core.importNetwork(blob, device: engine.device) { return network }
        try? FileManager.default.removeItem(at: file(key))
        return nil
    }

    /// The bytes under `key`, or nil where there are none that are whole.
    func entry(_ key: String) -> Data? {
        let file = file(key)
        guard let data = try? Data(contentsOf: file), data.count > Self.headerSize else { return nil }
        let blob = data.dropFirst(Self.headerSize)
        guard Array(data.prefix(Self.headerSize)) == Self.header(blob) else {
            try? FileManager.default.removeItem(at: file)
            return nil
        }
        // Marks it as used; a folder that cannot be written loses only this.
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: file.path)
        return blob
    }

    /// Keeps a compiled network. Failing to (a full disk, a folder that cannot be written) is not an error.
    func keep(_ network: CompiledNetwork, under key: String) {
        let exported = folder.appendingPathComponent(".\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: exported) }
        guard (try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)) != nil,
            (try? network.export(to: exported)) != nil, let blob = try? Data(contentsOf: exported), !blob.isEmpty
        else { return }
        keep(blob, under: key)
    }

    /// Keeps bytes; failing to is not an error.
    func keep(_ blob: Data, under key: String) {
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? (Data(Self.header(blob)) + blob).write(to: file(key), options: .atomic)
        removeOldest()
    }

    private func removeOldest() {
        let keys: Set<URLResourceKey> = [.contentModificationDateKey]
        guard
            let files = try? FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: Array(keys))
        else { return }
        let entries = files.filter { $0.pathExtension == "network" }.map { file in
            (file, (try? file.resourceValues(forKeys: keys).contentModificationDate) ?? .distantPast)
        }
        for (file, _) in entries.sorted(by: { $0.1 > $1.1 }).dropFirst(Self.capacity) {
            try? FileManager.default.removeItem(at: file)
        }
    }

    private func file(_ key: String) -> URL { folder.appendingPathComponent(key + ".network") }

    static func header(_ blob: Data) -> [UInt8] {
        var header = magic
        header += Array(repeating: 0, count: 16 - magic.count)
        for number in [UInt64(blob.count), Digest.of(blob)] {
            header += withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        return header
    }
}

/// FNV-1a over 64-bit words (http://www.isthe.com/chongo/tech/comp/fnv): finds damage, keeps no secrets.
struct Digest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ data: Data) {
        data.withUnsafeBytes { bytes in
            let words = bytes.count / 8
            for word in 0..<words {
                mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self)))
            }
            for index in words * 8..<bytes.count { mix(UInt64(bytes[index])) }
            mix(UInt64(bytes.count))
        }
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01B3
        value ^= value >> 32
    }

    static func of(_ data: Data) -> UInt64 {
        var digest = Digest()
        digest.add(data)
        return digest.value
    }
}
