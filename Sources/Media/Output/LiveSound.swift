internal import CFFmpeg
internal import Synchronization

/// Where the sound of a live run comes from: the sound streams of an open input.
package struct LiveSound: @unchecked Sendable {
    // @unchecked Sendable: what is read of the demuxer, its streams' descriptions, does not change while it is open.

    /// May be closed meanwhile: for a writer that is opened while it is open.
    let demuxer: Demuxer
    let streams: [MediaInfo.Stream]
    /// Where the input's own timeline begins, in microseconds.
    let zero: Int64
    /// The times come from the clock of a device of its own, which need not run as its samples do.
    let isClocked: Bool
    /// Of each stream, by its index.
    let timeBases: [Int: AVRational]

    init(_ demuxer: Demuxer, _ info: MediaInfo, zero: Int64, isClocked: Bool) {
        (self.demuxer, self.zero, self.isClocked) = (demuxer, zero, isClocked)
        streams = info.streams.filter { $0.kind == .audio && !$0.isHandledByContainer }
        timeBases = Dictionary(
            uniqueKeysWithValues: streams.map { ($0.index, demuxer.stream($0.index).pointee.time_base) })
    }

    /// Seconds on the input's timeline.
    func seconds(_ ticks: Int64, stream: Int) -> Double {
        Double(av_rescale_q(ticks, timeBases[stream]!, shimMicroseconds) - zero) / 1e6
    }

    /// Whether packets of `other` go on where those of this one ended.
    func matches(_ other: LiveSound) -> Bool {
        streams.count == other.streams.count
            && zip(streams, other.streams).allSatisfy {
                $0.index == $1.index && $0.codec == $1.codec && $0.audio == $1.audio
                    && av_cmp_q(timeBases[$0.index]!, other.timeBases[$1.index]!) == 0
            }
    }
}

extension MediaReader {
    /// The sound beside the pictures.
    package var sound: LiveSound { LiveSound(demuxer, info, zero: zero, isClocked: false) }
}

/// Hands the packets of a live run's sound to every writer that is open, on the run's timeline.
package final class PacketTee: Sendable {
    private struct State {
        var writers: [LiveWriter] = []
        var sound: LiveSound?
        /// What is added to bring a packet of `sound` to the run's timeline, in microseconds; nil: it is left out.
        var shift: Int64?
    }

    private let state = Mutex(State())

    package init() {}

    /// Takes sound from `sound` from now on: its beginning is `seconds` into the run. Returns whether it goes on where the
    /// sound before ended; if not, it is left out.
    package func listen(to sound: LiveSound, from seconds: Double) -> Bool {
        state.withLock { state in
            let goesOn = state.sound.map { $0.matches(sound) } ?? true
            // The first sound stays what others are held against.
            state.sound = state.sound ?? sound
            state.shift = goesOn ? Int64(seconds * 1e6) - sound.zero : nil
            return goesOn
        }
    }

    /// Takes the packets that `reader` meets on its way to the next picture. By the thread that reads.
    package func attach(to reader: MediaReader) {
        let streams = Set(reader.sound.streams.map(\.index))
        reader.packetHandler = { [unowned self] packet in
            let stream = Int(packet.pointer.pointee.stream_index)
            if streams.contains(stream) { take(packet, stream: stream) }
        }
    }

    package func add(_ writer: LiveWriter) { state.withLock { $0.writers.append(writer) } }

    package func remove(_ writer: LiveWriter) { state.withLock { $0.writers.removeAll { $0 === writer } } }

    func take(_ packet: Packet, stream: Int) {
        let (writers, shift, sound) = state.withLock { ($0.writers, $0.shift, $0.sound) }
        guard let shift, let timeBase = sound?.timeBases[stream], !writers.isEmpty else { return }
        let raw = packet.pointer
        let ticks = av_rescale_q(shift, shimMicroseconds, timeBase)
        if raw.pointee.pts != SHIM_NO_TIMESTAMP { raw.pointee.pts &+= ticks }
        if raw.pointee.dts != SHIM_NO_TIMESTAMP { raw.pointee.dts &+= ticks }
        for writer in writers { writer.take(packet, stream: stream) }
    }
}
