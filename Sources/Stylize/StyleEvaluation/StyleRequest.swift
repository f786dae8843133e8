package import Inference

/// What `StyleEvaluation` is to judge, and on which pictures.
package struct StyleRequest: Sendable {
    /// A preset's name, `NAME:SIZE`, or its folder; left out where `model` says what draws.
    package var preset: String?
    /// A foreign generator's file.
    package var model: String?
    package var modelRange: ModelRange?
    /// A folder of photographs.
    package var photos: String
    /// Folders of art, each of which is compared with.
    package var art: [String]
    /// VGG16's weights; nil looks in the usual places.
    package var weights: String?
    /// Longer side of the pictures, in pixels; smaller ones keep their size.
    package var side = 640
    /// Patches to cut from photographs, from drawings and from each body of art, at least.
    package var patches = 2048
    /// Pictures to take from each folder, at most.
    package var pictures = 200
    /// How long the generator's speed is measured.
    var speedSeconds = 4.0
    package var inference = InferenceOptions()

    package init(preset: String?, model: String?, photos: String, art: [String]) {
        self.preset = preset
        self.model = model
        self.photos = photos
        self.art = art
    }
}
