internal import Model

/// A look as clients see it.
struct PresetView: Encodable, Sendable {
    /// What jobs name it by.
    var name: String
    var title: String
    var description: String
    /// How much is drawn where nothing is said: 0…1.
    var strength: Double
    var smoothing: String
    /// `name:size` asks for one of them.
    var sizes: [String]

    /// Nil: it is broken, and no film can be drawn with it.
    init?(_ entry: PresetLibrary.Entry) {
        guard let preset = try? entry.preset.get() else { return nil }
        name = entry.name
        (title, description) = (preset.title, preset.summary)
        (strength, smoothing) = (preset.defaults.strength, preset.defaults.smoothing)
        sizes = preset.sizes.map(\.name)
    }
}
