internal import CFFmpeg
internal import Foundation
internal import Frames

/// Standard input or a named pipe as a source of bytes for a demuxer. FFmpeg's own pipes block in read(2) and cannot be
/// interrupted; this one waits with poll(2) and looks at the stop signal. Owns its AVIOContext.
final class PipeInput {
    private(set) var context: UnsafeMutablePointer<AVIOContext>!
    private let descriptor: Int32
    private let isOwned: Bool
    private let stop: StopSignal
    private static let bufferSize: Int32 = 1 << 16
    private static let patience: Int32 = 50

    /// Opens the named pipe at `path`, or standard input where that is nil.
    ///
    /// - Throws: `.noInput` when the pipe cannot be opened. Uses open(2).
    init(path: String?, stop: StopSignal) throws(SakugaError) {
        self.stop = stop
        isOwned = path != nil
        // Without O_NONBLOCK, opening would wait for a writer and could not be interrupted.
        descriptor = path.map { open($0, O_RDONLY | O_NONBLOCK) } ?? STDIN_FILENO
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw SakugaError(.noInput, "cannot open the pipe '\(path ?? "-")': \(reason) (open)")
        }
        guard let buffer = av_malloc(Int(Self.bufferSize)) else { preconditionFailure("out of memory") }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Self.bufferSize, 0, Unmanaged.passUnretained(self).toOpaque(),
            { opaque, bytes, count in
                Unmanaged<PipeInput>.fromOpaque(opaque!).takeUnretainedValue().read(into: bytes!, count: Int(count))
            }, nil, nil)
        precondition(context != nil, "out of memory")
    }

    deinit {
        // Runs for a failed opening too.
        if context != nil {
            av_freep(&context.pointee.buffer)
            avio_context_free(&context)
        }
        if isOwned, descriptor >= 0 { close(descriptor) }
    }

    private func read(into bytes: UnsafeMutablePointer<UInt8>, count: Int) -> Int32 {
        while !stop.isRaised {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let events = poll(&ready, 1, Self.patience)
            if events == 0 || (events < 0 && errno == EINTR) { continue }
            let got = Foundation.read(descriptor, bytes, count)
            if got > 0 { return Int32(got) }
            if got == 0 { return SHIM_ERROR_EOF }
            if errno != EAGAIN, errno != EINTR { return shim_error(errno) }
        }
        return SHIM_ERROR_EXIT
    }
}
