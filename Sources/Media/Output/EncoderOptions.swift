/// What the user asks of the video encoder.
package struct EncoderOptions: Sendable, Codable {
    /// FFmpeg's name; nil: the container's usual one.
    package var name: String?
    /// Constant rate factor, on the encoder's own scale; nil: the default for Sakuga's encoder choice.
    package var crf: Double?
    package var preset: String?
    /// Passed through to the encoder as they are.
    package var options: [String: String] = [:]
    /// FFmpeg's name of a pixel format; nil: 4:2:0 in 8 bits where the encoder has it.
    package var pixelFormat: String?

    package init() {}
}
