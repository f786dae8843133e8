internal import CFFmpeg

/// One compressed packet. Owns its AVPacket; `unreference` lets go of the data and keeps the shell for reuse.
final class Packet {
    let pointer: UnsafeMutablePointer<AVPacket>

    init() {
        guard let packet = av_packet_alloc() else { preconditionFailure("out of memory") }
        pointer = packet
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&packet)
    }

    func unreference() { av_packet_unref(pointer) }

    /// A second reference to the same data.
    func reference() -> Packet {
        let copy = Packet()
        av_packet_ref(copy.pointer, pointer)
        return copy
    }
}
