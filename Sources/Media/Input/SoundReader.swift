internal import CFFmpeg
internal import Frames

/// An open input that is listened to, not looked at: a microphone. Used by the thread that reads; `stop` is callable on any.
package final class SoundReader: @unchecked Sendable {
    // @unchecked Sendable: everything but the stop signal and what is immutable is used by the reading thread only.

    package let sound: LiveSound
    private let demuxer: Demuxer
    private let stopSignal = StopSignal()
    private let packet = Packet()

    /// Opens `input` as FFmpeg understands it together with `options.format`.
    ///
    /// - Throws: `.noInput` when it cannot be opened; `.data` when there is no sound in it.
    package init(_ input: String, options: InputOptions) throws {
        demuxer = try InputLocation(input, options: options).open(stop: stopSignal).demuxer
        sound = LiveSound(demuxer, MediaInfo(demuxer), zero: demuxer.startMicroseconds, isClocked: true)
        guard !sound.streams.isEmpty else {
            throw SakugaError(.data, "'\(input)' has no sound", hint: "`arecord -L` lists microphones")
        }
    }

    /// Ends reading, also while it is blocked.
    package func stop() { stopSignal.raise() }

    /// Reads the next packet; nil at the end, else the second of the input's timeline at which its sound ends.
    package func next() -> Double? {
        while demuxer.read(into: packet).more {
            let raw = packet.pointer.pointee
            let stream = Int(raw.stream_index)
            guard sound.streams.contains(where: { $0.index == stream }), raw.pts != SHIM_NO_TIMESTAMP else { continue }
            return sound.seconds(raw.pts &+ max(0, raw.duration), stream: stream)
        }
        return nil
    }

    /// Hands the packet that was read to the writers.
    package func hand(to tee: PacketTee) { tee.take(packet, stream: Int(packet.pointer.pointee.stream_index)) }
}
