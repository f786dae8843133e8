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
