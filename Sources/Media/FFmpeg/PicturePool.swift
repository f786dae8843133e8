internal import CFFmpeg
internal import Frames

/// Gives pictures of one format and size whose memory returns here when the last reference goes (also one that an encoder
/// holds). Owns an AVBufferPool, which lives until its last buffer is back.
final class PicturePool {
    private let pool: OpaquePointer
    private let format: AVPixelFormat
    private let width: Int32
    private let height: Int32
    private static let rowAlignment: Int32 = 64

    init(format: AVPixelFormat, width: Int32, height: Int32) throws(SakugaError) {
        (self.format, self.width, self.height) = (format, width, height)
        let size = try check(
            av_image_get_buffer_size(format, width, height, Self.rowAlignment), .software,
            "cannot hold a \(width)×\(height) picture", call: "av_image_get_buffer_size")
        // SIMD code may read and write a little past the end.
        guard let pool = av_buffer_pool_init(Int(size) + 64, nil) else { preconditionFailure("out of memory") }
        self.pool = pool
    }

    deinit {
        var closing: OpaquePointer? = pool
        av_buffer_pool_uninit(&closing)
    }

    /// Returns a picture with undefined contents.
    func makePicture() throws(SakugaError) -> Picture {
        let picture = Picture()
        picture.pointer.pointee.format = format.rawValue
        picture.pointer.pointee.width = width
        picture.pointer.pointee.height = height
        guard let buffer = av_buffer_pool_get(pool) else { preconditionFailure("out of memory") }
        picture.pointer.pointee.buf.0 = buffer
        try check(
            shim_fill_planes(picture.pointer, Self.rowAlignment), .software, "cannot hold a picture",
            call: "av_image_fill_arrays")
        return picture
    }
}
