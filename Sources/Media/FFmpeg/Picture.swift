internal import CFFmpeg
package import Frames

/// A decoded or to-be-encoded picture in any pixel format. Owns its AVFrame.
package final class Picture: @unchecked Sendable {
    // @unchecked Sendable: written by the stage that makes it, before it is sent; only read afterwards.

    let pointer: UnsafeMutablePointer<AVFrame>

    /// Position in presentation order, from 0.
    package internal(set) var number = 0
    /// When it is shown, counted from the start of the output.
    package internal(set) var timestamp = Timestamp(ticks: 0, timeBase: TimeBase(1, 1))
    /// How long it is shown, in ticks of the same time base; 0 where unknown.
    package internal(set) var duration: Int64 = 0

    init() {
        guard let frame = av_frame_alloc() else { preconditionFailure("out of memory") }
        pointer = frame
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&frame)
    }

    package var width: Int { Int(pointer.pointee.width) }
    package var height: Int { Int(pointer.pointee.height) }
    var format: AVPixelFormat { AVPixelFormat(pointer.pointee.format) }
}
