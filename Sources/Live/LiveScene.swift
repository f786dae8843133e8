internal import Foundation
internal import Frames
internal import Inference
internal import Stylize
internal import Temporal

/// All that draws at one size: made in the background, used by the drawing thread.
final class LiveScene: Sendable {
    let rung: Int
    /// Another scene with it draws the same.
    let key: String
    let width: Int
    let height: Int
    let generator: any FrameGenerator
    let inputs: FramePool
    let outputs: FramePool

    /// Compiles the generator.
    init(_ choice: GeneratorChoice, _ request: StylizeRequest, rung: Int, width: Int, height: Int) throws {
        (self.rung, self.width, self.height) = (rung, width, height)
        key = Self.key(choice, rung)
        generator = try choice.makeGenerator(request, width: width, height: height)
        inputs = FramePool(width: width, height: height, alignment: generator.alignment)
        outputs = FramePool(width: width, height: height, alignment: generator.alignment)
    }

    static func key(_ choice: GeneratorChoice, _ rung: Int) -> String { "\(rung) \(choice.weights.path)" }
}
