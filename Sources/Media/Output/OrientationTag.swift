internal import Foundation
package import Frames

/// Writes how a picture is stored into its file, as EXIF's tag 0x0112 (CIPA DC-008, "Orientation"): in JPEG as a segment
/// of its own, in PNG as the chunk `eXIf`.
package enum OrientationTag {
    /// - Parameter orientation: 1 … 8.
    /// - Returns: false for a file that is neither; it stays as it is.
    /// - Throws: `.inputOutput` where the file cannot be read or written.
    package static func write(_ orientation: Int, into file: String) throws(SakugaError) -> Bool {
        let place = URL(fileURLWithPath: file)
        do {
            let data = try Data(contentsOf: place)
            guard let tagged = tagged(data, orientation) else { return false }
            try tagged.write(to: place)
            return true
        } catch {
            throw SakugaError(
                .inputOutput, "cannot write the orientation into '\(file)': \(error.localizedDescription)")
        }
    }

    static func tagged(_ data: Data, _ orientation: Int) -> Data? {
        // One directory with one entry, most significant byte first.
        let tiff: [UInt8] =
            Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1]
            + [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(clamping: orientation), 0, 0, 0, 0, 0, 0]
        if data.starts(with: [0xFF, 0xD8]) {
            let body = Array("Exif\0\0".utf8) + tiff
            return data.prefix(2) + Data([0xFF, 0xE1, 0, UInt8(body.count + 2)] + body) + data.dropFirst(2)
        }
        // The signature and the header chunk, which comes first.
        let head = 8 + 4 + 4 + 13 + 4
        guard data.starts(with: [0x89, 0x50, 0x4E, 0x47]), data.count > head else { return nil }
        let chunk = Array("eXIf".utf8) + tiff
        let length = withUnsafeBytes(of: UInt32(tiff.count).bigEndian) { Array($0) }
        let check = withUnsafeBytes(of: checksum(chunk).bigEndian) { Array($0) }
        return data.prefix(head) + Data(length + chunk + check) + data.dropFirst(head)
    }

    /// CRC-32 as PNG has it (ISO/IEC 15948, annex D).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
