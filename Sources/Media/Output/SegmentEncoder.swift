internal import CFFmpeg
package import Foundation
package import Frames

/// A segment of a film as it came out of the encoder, but for the bytes, which are in a file.
package struct EncodedSegment: Codable, Sendable, Equatable {
    /// One packet, in the order of decoding.
    package struct Packet: Codable, Sendable, Equatable {
        package var bytes: Int
        /// The picture that it holds, counted from the beginning of the segment in the order of showing.
        package var picture: Int
        package var isKey: Bool
        /// What FFmpeg keeps beside a packet's data: kinds and sizes, in the order of their bytes in the file.
        package var sideData: [[Int]]?
    }

    package var packets: [Packet] = []
    /// When each picture is shown and for how long, in ticks of the film's time base.
    package var times: [Int64] = []
    package var durations: [Int64] = []
}

/// Encodes segments of a film, each by itself, into files that `MediaWriter` joins. Used by one thread at a time.
package final class SegmentEncoder: @unchecked Sendable {
    // @unchecked Sendable: `converter` belongs to the convert stage, the rest to the encode stage.

    package let converter: FrameConverter
    package let keepsAlpha: Bool
    private let makeEncoder: () throws -> VideoEncoder
    private var encoder: VideoEncoder
    private let packet = Packet()
    private var file: FileHandle?
    private var segment = EncodedSegment()
    private var pictures: [Int64: Int] = [:]

    /// - Throws: `.usage` for encoder options that do not work.
    package init(plan: OutputPlan, name: String, reader: MediaReader, output: OutputOptions, width: Int, height: Int)
        throws
    {
        let format = av_guess_format(plan.container, nil, nil)
        let target = MediaWriter.target(
            reader, plan, width: width, height: height,
            globalHeader: (format?.pointee.flags ?? 0) & AVFMT_GLOBALHEADER != 0)
        makeEncoder = { try VideoEncoder(output.encoder, defaultName: plan.defaultEncoder(for: name), target: target) }
        encoder = try makeEncoder()
        keepsAlpha = encoder.keepsAlpha
        converter = try FrameConverter(encoder: encoder, color: encoder.color)
    }

    /// Begins a segment whose bytes go into `url`.
    ///
    /// - Throws: `.cannotCreate` where the file cannot be made.
    package func begin(_ url: URL) throws {
        guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
            throw SakugaError(.cannotCreate, "cannot create '\(url.path)'")
        }
        file = try FileHandle(forWritingTo: url)
        (segment, pictures) = (EncodedSegment(), [:])
        if encoder.hasPictures { encoder = try makeEncoder() }
    }

    package func encode(_ picture: Picture) throws {
        pictures[picture.timestamp.ticks] = segment.times.count
        segment.times.append(picture.timestamp.ticks)
        segment.durations.append(picture.duration)
        try encoder.encode(picture, into: packet, emit: keep)
    }

    /// Completes the segment: its bytes are on the disk.
    package func finish() throws -> EncodedSegment {
        try encoder.encode(nil, into: packet, emit: keep)
        try writing { file in
            try file.synchronize()
            try file.close()
        }
        file = nil
        return segment
    }

    private func keep(_ packet: Packet) throws {
        let raw = packet.pointer.pointee
        guard let picture = pictures[raw.pts] else {
            throw SakugaError(.software, "the encoder gave a picture that it was not given")
        }
        var sideData: [[Int]] = []
        try writing { file in
            if raw.size > 0, let data = raw.data { try file.write(contentsOf: Data(bytes: data, count: Int(raw.size))) }
            for index in 0..<Int(raw.side_data_elems) {
                let side = raw.side_data[index]
                sideData.append([Int(side.type.rawValue), Int(side.size)])
                try file.write(contentsOf: Data(bytes: side.data, count: Int(side.size)))
            }
        }
        segment.packets.append(
            .init(
                bytes: Int(raw.size), picture: picture, isKey: raw.flags & AV_PKT_FLAG_KEY != 0,
                sideData: sideData.isEmpty ? nil : sideData))
    }

    private func writing(_ body: (FileHandle) throws -> Void) throws {
        guard let file else { preconditionFailure("no segment was begun") }
        do {
            try body(file)
        } catch {
            throw SakugaError(.inputOutput, "cannot write a segment: \(error.localizedDescription)")
        }
    }
}

/// Joins segments into a film beside the streams that come along, without encoding anything anew.
package final class SegmentJoin {
    private let writer: MediaWriter
    private let reader: MediaReader
    private let timeBase: AVRational
    /// When the pictures of the film are shown.
    private let times: [Int64]
    private let nominalDuration: Int64
    /// How many pictures later than it is shown a packet is decoded at most: what decoding times lag behind.
    private let delay: Int
    private var count = 0
    private var firstPicture = 0
    private let lastDuration: Int64

    /// - Parameters:
    ///   - segments: all of them, in order.
    package init(_ segments: [EncodedSegment], into writer: MediaWriter, reader: MediaReader) {
        (self.writer, self.reader) = (writer, reader)
        timeBase = AVRational(reader.picture.timeBase)
        times = segments.flatMap(\.times)
        lastDuration = segments.last?.durations.last ?? 0
        let rate = AVRational(reader.picture.frameRate)
        nominalDuration = max(1, av_rescale_q(1, AVRational(num: rate.den, den: rate.num), timeBase))
        delay =
            segments.flatMap { segment in segment.packets.enumerated().map { $0.offset - $0.element.picture } }
            .max() ?? 0
    }

    /// Writes the next segment, whose bytes are in `url`.
    ///
    /// - Throws: `.data` where the file is shorter than the segment says.
    package func add(_ segment: EncodedSegment, _ url: URL) throws {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        for part in segment.packets {
            let packet = Packet()
            try fill(packet, part, from: file)
            let raw = packet.pointer
            let index = firstPicture + part.picture
            raw.pointee.pts = segment.times[part.picture]
            raw.pointee.duration = segment.durations[part.picture]
            raw.pointee.dts = min(time(count - delay), raw.pointee.pts)
            if part.isKey { raw.pointee.flags |= AV_PKT_FLAG_KEY }
            count += 1
            try reader.pass(to: Double(times[index]) * av_q2d(timeBase))
            try writer.copy(packet, timeBase: timeBase)
        }
        firstPicture += segment.times.count
    }

    /// Completes the film.
    ///
    /// - Parameter trimmed: the pictures ended because no more were wanted: so do the other streams.
    package func finish(trimmed: Bool) throws {
        if let last = times.last {
            try reader.passToEnd(Double(last + lastDuration) * av_q2d(timeBase), trimmed: trimmed)
        }
        try writer.finishCopy()
    }

    /// When a picture is shown; before the first one at the nominal rate.
    private func time(_ picture: Int) -> Int64 {
        picture >= 0 ? times[min(picture, times.count - 1)] : (times.first ?? 0) + Int64(picture) * nominalDuration
    }

    private func fill(_ packet: Packet, _ part: EncodedSegment.Packet, from file: FileHandle) throws {
        func bytes(_ count: Int) throws -> Data {
            let data = try file.read(upToCount: count) ?? Data()
            guard data.count == count else { throw SakugaError(.data, "a segment's file is not whole") }
            return data
        }
        guard av_new_packet(packet.pointer, Int32(part.bytes)) >= 0 else { preconditionFailure("out of memory") }
        if part.bytes > 0 { try bytes(part.bytes).copyBytes(to: packet.pointer.pointee.data, count: part.bytes) }
        for side in part.sideData ?? [] {
            let kind = AVPacketSideDataType(rawValue: UInt32(side[0]))
            guard let memory = av_packet_new_side_data(packet.pointer, kind, side[1]) else {
                preconditionFailure("out of memory")
            }
            try bytes(side[1]).copyBytes(to: memory, count: side[1])
        }
    }
}
