package import Inference

/// What is made of a folder of pictures for training, and where it goes.
package struct AugmentRequest: Sendable {
    /// The folder with pictures and labels.
    package var folder: String
    /// The folder that gets the drawings, under the same paths.
    package var output: String
    /// A preset's name, `NAME:SIZE`, or its folder.
    package var preset: String
    /// Drawings of each picture.
    package var variants: Int
    /// The seed of the first variant; the others have those that follow.
    package var seed: UInt64 = 0
    /// Between these, 0…1, lies the strength of each drawing.
    package var strength = 0.5...1.0
    /// Patterns of files that are copied for every variant, not drawn.
    package var copied: [String] = []
    /// Patterns of pictures that are drawn although they look like labels.
    package var drawn: [String] = []
    /// The pictures and their labels themselves come along.
    package var keepsOriginals = false
    package var overwrites = false
    package var inference = InferenceOptions()
    /// The program's own version, for the manifest.
    package var version = ""

    package init(folder: String, output: String, preset: String, variants: Int) {
        self.folder = folder
        self.output = output
        self.preset = preset
        self.variants = variants
    }

    var seeds: [UInt64] { (0..<UInt64(variants)).map { seed + $0 } }
}
