/// How much of the past a smoothed frame keeps.
package enum SmoothingStrength: String, CaseIterable, Sendable, Codable {
    case off
    case light
    case strong

    /// The share of the warped past in a fully visible pixel, 0…1.
    package var pastShare: Float {
        switch self {
        case .off: 0
        case .light: 0.5
        case .strong: 0.75
        }
    }
}
