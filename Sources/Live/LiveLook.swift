package import Temporal

/// What can be changed from one frame to the next.
package struct LiveLook: Sendable, Equatable {
    /// What is shown of a picture and its drawing.
    package enum View: String, Sendable, CaseIterable {
        case drawing
        case split
        case original

        package var next: View {
            switch self {
            case .drawing: .split
            case .split: .original
            case .original: .drawing
            }
        }
    }

    /// 0 (the original) to 1 (the drawing).
    package var strength: Double
    package var view = View.drawing
    /// How firmly drawings are held still.
    package var smoothing: SmoothingStrength
}
