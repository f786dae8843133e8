internal import Foundation

/// Finds where the parts of a JSON document lie (RFC 8259) without making values of them: a document of gigabytes can be
/// changed in a few places, and everything else stays as it is, to the letter.
struct JSONSlices {
    /// The document is not valid where it was looked at.
    struct Malformed: Error {}

    struct Member {
        let key: Range<Int>
        let value: Range<Int>
    }

    let bytes: UnsafeRawBufferPointer

    /// The whole document's value.
    func root() throws -> Range<Int> {
        let start = skipSpace(0)
        return start..<(try end(of: start))
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Whether the text of `range` is `text`, to the letter.
    func holds(_ text: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return (0..<range.count).allSatisfy { bytes[range.lowerBound + $0] == text.utf8Start[$0] }
    }

    /// Calls `use` with every member of the object at `range`. The key's range has no quotation marks.
    func forEachMember(of range: Range<Int>, _ use: (Member) throws -> Void) throws {
        try forEachItem(of: range, "{", "}") { at in
            let keyEnd = try end(ofString: at)
            let colon = skipSpace(keyEnd)
            guard byte(colon) == UInt8(ascii: ":") else { throw Malformed() }
            let start = skipSpace(colon + 1)
            let valueEnd = try end(of: start)
            try use(Member(key: at + 1..<keyEnd - 1, value: start..<valueEnd))
            return valueEnd
        }
    }

    /// Calls `use` with every element of the array at `range`.
    func forEachElement(of range: Range<Int>, _ use: (Range<Int>) throws -> Void) throws {
        try forEachItem(of: range, "[", "]") { at in
            let valueEnd = try end(of: at)
            try use(at..<valueEnd)
            return valueEnd
        }
    }

    private func forEachItem(
        of range: Range<Int>, _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ item: (Int) throws -> Int
    ) throws {
        guard byte(range.lowerBound) == UInt8(ascii: opening) else { throw Malformed() }
        var at = skipSpace(range.lowerBound + 1)
        if byte(at) == UInt8(ascii: closing) { return }
        while true {
            at = skipSpace(try item(at))
            if byte(at) == UInt8(ascii: closing) { return }
            guard byte(at) == UInt8(ascii: ",") else { throw Malformed() }
            at = skipSpace(at + 1)
        }
    }

    private func byte(_ at: Int) -> UInt8? { at < bytes.count ? bytes[at] : nil }

    private func skipSpace(_ start: Int) -> Int {
        var at = start
        while at < bytes.count, isSpace(bytes[at]) { at += 1 }
        return at
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private func end(ofString start: Int) throws -> Int {
        guard byte(start) == UInt8(ascii: "\"") else { throw Malformed() }
        var at = start + 1
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\"") { return at + 1 }
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        throw Malformed()
    }

    /// Where the value that begins at `start` ends; what is inside it is only followed for its brackets.
    private func end(of start: Int) throws -> Int {
        var at = start
        var depth = 0
        while let next = byte(at) {
            switch next {
            case UInt8(ascii: "\""): at = try end(ofString: at)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 {
                    guard at > start else { throw Malformed() }
                    return at
                }
                if next == UInt8(ascii: "}") || next == UInt8(ascii: "]") { depth -= 1 }
                at += 1
                if depth == 0 { return at }
                continue
            default: at += 1
            }
            if depth == 0, bytes[at - 1] == UInt8(ascii: "\"") { return at }
        }
        guard depth == 0, at > start else { throw Malformed() }
        return at
    }
}

extension JSONSlices {
    /// The text of a JSON string; nil for any other value.
    func string(_ range: Range<Int>) -> String? {
        try? JSONDecoder().decode(String.self, from: Data(bytes[range]))
    }
}
