internal import CFFmpeg
internal import Foundation
internal import Frames

/// Standard input or a named pipe as a source of bytes for a demuxer. FFmpeg's own pipes block in read(2) and cannot be
/// interrupted; this one waits with poll(2) and looks at the stop signal. Standard input that is a file (`< film.mp4`) can
/// be sought in: its first byte is where it stood. Owns its AVIOContext.
final class PipeInput {
    private(set) var context: UnsafeMutablePointer<AVIOContext>!
    private let descriptor: Int32
    private let isOwned: Bool
    private let stop: StopSignal
    /// Where the input begins in the file behind it, nil where it is no file, and that file's end.
    private let origin: off_t?
    private let end: off_t
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
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        origin = isFile ? lseek(descriptor, 0, SEEK_CUR) : nil
        end = status.st_size
        guard let buffer = av_malloc(Int(Self.bufferSize)) else { preconditionFailure("out of memory") }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Self.bufferSize, 0, Unmanaged.passUnretained(self).toOpaque(),
            { opaque, bytes, count in
                Unmanaged<PipeInput>.fromOpaque(opaque!).takeUnretainedValue().read(into: bytes!, count: Int(count))
            }, nil,
            !isFile
                ? nil
                : { opaque, offset, whence in
                    Unmanaged<PipeInput>.fromOpaque(opaque!).takeUnretainedValue().seek(to: offset, from: whence)
                })
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

    /// The new position, or the size where `whence` asks for it; FFmpeg asks for nothing else than SEEK_SET, _CUR and _END.
    private func seek(to offset: Int64, from whence: Int32) -> Int64 {
        guard let origin else { return Int64(shim_error(ESPIPE)) }
        if whence & AVSEEK_SIZE != 0 { return Int64(max(0, end - origin)) }
        let way = whence & ~AVSEEK_FORCE
        // A damaged file may ask for any place; lseek refuses what overflows.
        let place = lseek(descriptor, way == SEEK_SET ? off_t(offset) &+ origin : off_t(offset), way)
        return place < 0 ? Int64(shim_error(errno)) : Int64(place - origin)
    }
}
