internal import Foundation

/// What a file says about its own length, where it says something: MP4 and MOV (ISO/IEC 14496-12, boxes), Matroska and
/// WebM (RFC 9559, the segment), AVI (RIFF), JPEG (ITU-T T.81, the end marker).
enum ContainerLength {
    /// Says that the file at `path` was cut off; nil for a whole one, or one of which nothing is known.
    static func flaw(of path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let file = FileHandle(forReadingAtPath: path)
        else { return nil }
        defer { try? file.close() }
        guard let head = bytes(file, at: 0, count: 64), head.count >= 16 else { return nil }
        if head.starts(with: [0xFF, 0xD8, 0xFF]) {
            return lacksEndMarker(path) ? "the file is cut off: its end marker is missing" : nil
        }
        let present = UInt64(status.st_size)
        let name = String(decoding: head[4..<8], as: UTF8.self)
        let declared: UInt64? =
            if head.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
                matroskaEnd(head)
            } else if head.starts(with: Array("RIFF".utf8)) {
                riffEnd(number(ArraySlice(head[4..<8].reversed())))
            } else if ["ftyp", "moov", "mdat", "free", "skip", "wide", "styp"].contains(name) {
                boxesEnd(file, present)
            } else {
                nil
            }
        guard let declared, declared > present else { return nil }
        return "the file is cut off: \(present) of \(declared) bytes are there"
    }

    /// The end of a RIFF file; nil where its size was never filled in, as in one that was written to a pipe.
    private static func riffEnd(_ size: UInt64) -> UInt64? {
        size == 0 || size == UInt64(UInt32.max) ? nil : 8 + size
    }

    /// Whether no end marker follows the first scan: thumbnails in the segments before have their own.
    private static func lacksEndMarker(_ path: String) -> Bool {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else { return false }
        var offset = 2
        while offset + 4 <= data.count, data[offset] == 0xFF {
            let length = Int(data[offset + 2]) << 8 | Int(data[offset + 3])
            if data[offset + 1] == 0xDA { return data.range(of: Data([0xFF, 0xD9]), in: offset..<data.count) == nil }
            offset += 2 + length
        }
        return true
    }

    private static func bytes(_ file: FileHandle, at offset: UInt64, count: Int) -> [UInt8]? {
        guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.read(upToCount: count) else { return nil }
        return [UInt8](data)
    }

    /// The end of the last top-level box, which is past the end of a file that was cut off.
    private static func boxesEnd(_ file: FileHandle, _ present: UInt64) -> UInt64? {
        var offset: UInt64 = 0
        while offset < present {
            guard let head = bytes(file, at: offset, count: 16), head.count >= 8 else { return offset + 8 }
            var size = number(head[0..<4])
            if size == 1 { size = head.count == 16 ? number(head[8..<16]) : 16 }
            // 0: up to the end of the file, wherever that is.
            if size == 0 { return nil }
            guard size >= 8, offset <= UInt64.max - size else { return nil }
            offset += size
        }
        return offset
    }

    /// The end of the segment that follows the EBML header; nil where its size was never filled in.
    private static func matroskaEnd(_ head: [UInt8]) -> UInt64? {
        guard let header = variableSize(head, at: 4), let headerSize = header.value else { return nil }
        let segment = header.end + Int(min(headerSize, 1024))
        guard segment + 12 <= head.count, Array(head[segment..<segment + 4]) == [0x18, 0x53, 0x80, 0x67],
            let size = variableSize(head, at: segment + 4), let value = size.value
        else { return nil }
        return UInt64(size.end) + value
    }

    /// An EBML size: as many bytes as there are leading zero bits, plus one; all ones means unknown.
    private static func variableSize(_ bytes: [UInt8], at start: Int) -> (value: UInt64?, end: Int)? {
        let length = bytes[start].leadingZeroBitCount + 1
        guard length <= 8, start + length <= bytes.count else { return nil }
        let mask = UInt64(1) << UInt64(7 * length) - 1
        let value = number(bytes[start..<start + length]) & mask
        return (value == mask ? nil : value, start + length)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
