internal import Foundation
internal import Frames
internal import Inference
internal import Stylize
internal import Temporal

/// All that draws at one size: made in the background, used by the drawing thread.
final class LiveScene: Sendable {
    let rung: Int
    /// Its preset and size.
    let look: String
    let width: Int
    let height: Int
    let generator: any FrameGenerator
    let inputs: FramePool
    let outputs: FramePool

    /// Compiles the generator.
    init(
        _ choice: GeneratorChoice, _ request: StylizeRequest, rung: Int, size: String?, width: Int, height: Int
    ) throws {
        (self.rung, self.width, self.height) = (rung, width, height)
        let choice = try choice.sized(size)
        look = choice.look
        generator = try choice.makeGenerator(request, width: width, height: height)
        inputs = FramePool(width: width, height: height, alignment: generator.alignment)
        outputs = FramePool(width: width, height: height, alignment: generator.alignment)
    }
}
