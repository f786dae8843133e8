/// The range in which a network takes and gives colours.
package enum ModelRange: String, Sendable, CaseIterable, Codable {
    case signed = "-1..1"
    case unit = "0..1"
    case bytes = "0..255"

    /// `value = (level − mean) / scale` on the way in, `level = value·scale + mean` on the way out.
    var mean: Float { self == .signed ? 127.5 : 0 }
    var scale: Float {
        switch self {
        case .signed: 127.5
        case .unit: 255
        case .bytes: 1
        }
    }
}
