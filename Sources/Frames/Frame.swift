/// One picture of a video on its way through the pipeline. Immutable: a stage that changes a frame returns a new value.
package struct Frame: Sendable {
    /// Position in presentation order, from 0.
    package var number: Int
    /// When the picture is shown, in the time base of its stream.
    package var timestamp: Timestamp
    /// How long it is shown, in ticks of the same time base; 0 where the container does not say.
    package var duration: Int64
    /// The picture.
    package var pixels: PixelBuffer
    /// How opaque the picture is, where its source says.
    package var alpha: AlphaPlane?

    package init(number: Int, timestamp: Timestamp, duration: Int64, pixels: PixelBuffer, alpha: AlphaPlane? = nil) {
        self.number = number
        self.timestamp = timestamp
        self.duration = duration
        self.pixels = pixels
        self.alpha = alpha
    }
}
