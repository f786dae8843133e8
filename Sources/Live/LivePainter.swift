internal import Frames
internal import Media
internal import Stylize
internal import Synchronization
internal import Temporal

/// Draws the newest picture again and again, at the size of the scene in hand, and changes to another one between two
/// frames: what was drawn goes on in the new size, so that a change is not seen. Used by one thread.
final class LivePainter {
    private let description: PictureDescription
    private var smoothing: SmoothingStrength
    private let keepsColor: Bool
    private(set) var scene: LiveScene
    private var converter: PictureConverter
    private var motion: MotionEstimator?
    private var filter: TemporalFilter
    private var blend: PixelBlend
    private var lastPicture: Picture?

    /// Time of the generator alone for the last picture.
    private(set) var generatorTime = Duration.zero
    var rung: Int { scene.rung }
    var width: Int { scene.width }
    var height: Int { scene.height }

    init(
        _ scene: LiveScene, _ description: PictureDescription, smoothing: SmoothingStrength, keepsColor: Bool
    ) throws {
        (self.scene, self.description, self.smoothing) = (scene, description, smoothing)
        self.keepsColor = keepsColor
        converter = PictureConverter(for: description, pool: scene.inputs, alpha: .dropped)
        motion = smoothing == .off ? nil : try MotionEstimator(width: scene.width, height: scene.height)
        filter = TemporalFilter(width: scene.width, height: scene.height, strength: smoothing)
        blend = PixelBlend(width: scene.width, height: scene.height)
    }

    /// Goes on with another scene.
    ///
    /// - Parameter isNewLook: it is another preset's: what was drawn does not go on.
    func change(to next: LiveScene, isNewLook: Bool) throws {
        let past = filter.past
        scene = next
        converter = PictureConverter(for: description, pool: next.inputs, alpha: .dropped)
        blend = PixelBlend(width: next.width, height: next.height)
        filter = TemporalFilter(width: next.width, height: next.height, strength: smoothing)
        guard smoothing != .off else { return }
        if let past, !isNewLook {
            motion = try primedEstimator()
            filter.past = try FrameResizer(to: next.outputs).resized(past)
        } else {
            motion = try MotionEstimator(width: next.width, height: next.height)
        }
    }

    /// Goes on more or less firmly; what was drawn goes on too.
    private func change(to strength: SmoothingStrength) throws {
        let past = filter.past
        smoothing = strength
        filter = TemporalFilter(width: scene.width, height: scene.height, strength: strength)
        filter.past = past
        if strength == .off { motion = nil }
        guard strength != .off, motion == nil else { return }
        motion = try primedEstimator()
    }

    /// An estimator that has seen the last picture, so that the next one has a past.
    private func primedEstimator() throws -> MotionEstimator {
        let estimator = try MotionEstimator(width: scene.width, height: scene.height)
        if let lastPicture { _ = try estimator.motion(to: converter.frame(from: lastPicture).pixels) }
        return estimator
    }

    func draw(_ picture: Picture, _ look: LiveLook) throws -> Frame {
        if look.smoothing != smoothing { try change(to: look.smoothing) }
        var frame = try converter.frame(from: picture)
        let original = frame.pixels
        let moved = try motion?.motion(to: frame.pixels)
        var drawing = scene.outputs.makeBuffer()
        let begin = ContinuousClock.now
        try scene.generator.draw(frame.pixels, into: drawing)
        generatorTime = .now - begin
        // Where nothing is smoothed, the drawing is what smoothing would begin with.
        if let moved { drawing = try filter.smoothed(drawing, motion: moved) } else { filter.past = drawing }
        frame.pixels = blend.finished(
            original: original, drawn: drawing, strength: look.strength, keepColor: keepsColor)
        switch look.view {
        case .drawing: break
        case .original: frame.pixels = original
        case .split: frame.pixels = split(original, frame.pixels)
        }
        lastPicture = picture
        return frame
    }

    /// The original's left half beside the drawing's right one.
    private func split(_ original: PixelBuffer, _ drawing: PixelBuffer) -> PixelBuffer {
        let output = scene.outputs.makeBuffer()
        let half = output.width / 2 * 3
        for row in 0..<output.height {
            let target = output.bytes + row * output.stride
            target.update(from: original.bytes + row * original.stride, count: half)
            (target + half).update(
                from: drawing.bytes + row * drawing.stride + half, count: output.width * 3 - half)
        }
        return output
    }
}
