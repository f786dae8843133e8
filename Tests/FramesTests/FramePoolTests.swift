import Frames
import Testing

@Suite("a frame pool")
struct FramePoolTests {
    @Test(
        "pads the sides up to the alignment and leaves no gaps between rows",
        arguments: [(1, 1), (16, 8), (17, 9), (641, 361)])
    func padding(width: Int, height: Int) {
        let buffer = FramePool(width: width, height: height, alignment: 8).makeBuffer()
        #expect(buffer.width == width && buffer.height == height)
        #expect(buffer.paddedWidth % 8 == 0 && buffer.paddedWidth - width < 8 && buffer.paddedWidth >= width)
        #expect(buffer.paddedHeight % 8 == 0 && buffer.paddedHeight - height < 8 && buffer.paddedHeight >= height)
        #expect(buffer.stride == buffer.paddedWidth * 3)
        #expect(UInt(bitPattern: buffer.bytes) % 64 == 0)
    }

    @Test("gives the memory of a released buffer out again")
    func reuse() {
        let pool = FramePool(width: 32, height: 32)
        var buffer: PixelBuffer? = pool.makeBuffer()
        let address = buffer!.bytes
        buffer = nil
        #expect(pool.makeBuffer().bytes == address)
    }

    @Test("keeps two buffers that live at once apart")
    func distinct() {
        let pool = FramePool(width: 8, height: 8)
        let (first, second) = (pool.makeBuffer(), pool.makeBuffer())
        first.bytes.update(repeating: 1, count: first.byteCount)
        second.bytes.update(repeating: 2, count: second.byteCount)
        #expect(first.bytes[0] == 1 && first.bytes[first.byteCount - 1] == 1)
    }

    @Test("an error reads as one line, and a second where there is a hint")
    func errorText() {
        #expect(SakugaError(.data, "cannot read 'x'").description == "error: cannot read 'x'")
        #expect(
            SakugaError(.data, "cannot read 'x'", hint: "try y").description == "error: cannot read 'x'\nhint: try y")
    }
}
