package import Inference
package import Media
package import Temporal

/// Everything that decides what a run draws and where it goes.
package struct StylizeRequest: Sendable, Codable {
    /// The size of the drawn pictures.
    package enum Size: Sendable, Equatable, Codable {
        /// That of the input (made even where the encoder needs it).
        case input
        case exactly(width: Int, height: Int)
        /// A multiple of the input's, over 0 and at most 8.
        case scaled(Double)
    }

    package var input: String
    /// A file, a pattern of numbered pictures, a folder with a slash at the end, or `-`; nil: beside the input.
    package var output: String?
    /// A preset's name, `NAME:SIZE`, or its folder.
    package var preset: String
    /// A foreign generator's file, which draws instead of the preset's.
    package var model: String?
    /// The range of colours that the foreign generator takes and gives; nil finds it out.
    package var modelRange: ModelRange?
    package var seed: UInt64 = 0
    /// 0 (the original) to 1 (the drawing); nil: the preset's own.
    package var strength: Double?
    /// The drawing's light with the original's colours.
    package var keepsColor = false
    /// What tiles before tiles after.
    package var isTileable = false
    /// nil: the preset's own; off where pictures are to tile, since motion does not lead over their edges.
    package var smoothing: SmoothingStrength?
    package var size = Size.input
    package var inputOptions = InputOptions()
    package var outputOptions = OutputOptions()
    package var inference = InferenceOptions()
    package var overwrites = false
    /// What is drawn is kept in a folder beside the output until all of it is, and drawing goes on from what is there.
    package var resumes = false
    /// Only these segments of the plan in that folder are drawn, and not joined; nil: all of the film.
    package var segments: Range<Int>?

    package init(input: String, output: String?, preset: String) {
        self.input = input
        self.output = output
        self.preset = preset
    }
}
