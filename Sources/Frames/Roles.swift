/// Yields frames in presentation order. Used by one thread at a time.
package protocol FrameSource: AnyObject {
    /// Returns the next frame, or nil after the last one (the decoder is drained).
    func nextFrame() throws -> Frame?
}

/// Redraws single pictures. Callable from several threads at once.
package protocol FrameGenerator: Sendable {
    /// Sides of the buffers given to `draw` are padded to a multiple of this.
    var alignment: Int { get }
    /// How many calls of `draw` run side by side with profit.
    var concurrency: Int { get }
    /// Draws `input` into `output`, both of the same visible and padded size. Fills the padding of `input`
    /// itself (never the visible part, which other stages may be reading).
    func draw(_ input: PixelBuffer, into output: PixelBuffer) throws
}

/// Takes frames in presentation order. Used by one thread at a time.
package protocol FrameSink: AnyObject {
    func write(_ frame: Frame) throws
    /// Drains the encoder and completes the output. Called once, after the last frame.
    func finish() throws
}
