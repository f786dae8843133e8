package import Frames

/// Draws by inverting every colour: a generator whose result is known without a network. Fails at a chosen call.
package struct FakeGenerator: FrameGenerator {
    package let alignment: Int
    package let concurrency: Int
    private let failsWhenRedIs: UInt8?

    package init(alignment: Int = 8, concurrency: Int = 2, failsWhenRedIs: UInt8? = nil) {
        self.alignment = alignment
        self.concurrency = concurrency
        self.failsWhenRedIs = failsWhenRedIs
    }

    package func draw(_ input: PixelBuffer, into output: PixelBuffer) throws {
        if let failsWhenRedIs, input.bytes[0] >= failsWhenRedIs {
            throw SakugaError(.software, "the fake generator fails here")
        }
        for index in 0..<input.byteCount { output.bytes[index] = 255 - input.bytes[index] }
    }
}
