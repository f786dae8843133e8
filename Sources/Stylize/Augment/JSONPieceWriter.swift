/// Puts an output together from pieces of a document and new text.
struct JSONPieceWriter {
    let slices: JSONSlices
    let write: (UnsafeRawBufferPointer) throws -> Void
    private var pending: [UInt8] = []

    init(slices: JSONSlices, write: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        (self.slices, self.write) = (slices, write)
    }

    mutating func append(_ text: String) { pending += text.utf8 }

    mutating func append(_ range: Range<Int>) { pending += slices.bytes[range] }

    mutating func append(_ range: Range<Int>, replacing changes: [(place: Range<Int>, text: String)]) {
        var at = range.lowerBound
        for change in changes.sorted(by: { $0.place.lowerBound < $1.place.lowerBound }) {
            append(at..<change.place.lowerBound)
            append(change.text)
            at = change.place.upperBound
        }
        append(at..<range.upperBound)
    }

    mutating func flush(atLeast count: Int) throws {
        guard pending.count >= count else { return }
        try pending.withUnsafeBytes(write)
        pending.removeAll(keepingCapacity: true)
    }
}
