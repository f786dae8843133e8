internal import Foundation

/// Ids for copies: numbers above all that are there, or, where ids are no numbers, the old id and the seed.
struct COCOIdentifiers {
    private var last: Int?

    init(_ slices: JSONSlices, _ list: Range<Int>) throws {
        var largest: Int? = 0
        try slices.forEachElement(of: list) { element in
            try slices.forEachMember(of: element) { member in
                guard slices.holds("id", member.key), let known = largest else { return }
                largest = Int(slices.text(member.value)).map { max(known, $0) }
            }
        }
        last = largest.flatMap { $0 < 1 << 52 ? $0 : nil }
    }

    mutating func next(for id: String, seed: UInt64) -> String {
        guard let last else {
            return "\"" + id.trimmingCharacters(in: CharacterSet(charactersIn: "\"")) + "-s\(seed)\""
        }
        self.last = last + 1
        return "\(last + 1)"
    }
}
