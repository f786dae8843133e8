internal import CFFmpeg
internal import Foundation
internal import Frames

/// An open video encoder. Owns its AVCodecContext. Used by one thread at a time.
///
/// The encoder counts frames: presentation timestamps go in as frame numbers, and the packets' numbers are mapped back to
/// the true timestamps. So variable frame rates pass through every encoder untouched, also through those that want a
/// constant rate or a coarse time base.
final class VideoEncoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    let name: String
    /// The time base of the packets that come out.
    let timeBase: AVRational
    /// What the packets say about colours.
    let color: ColorDescription
    /// The pixel format holds transparency, and the pictures have some.
    let keepsAlpha: Bool
    private var shown: [Int64: (ticks: Int64, duration: Int64)] = [:]
    private var firstTicks: Int64?
    /// The number of the first picture: encoders count from 0.
    private var firstNumber: Int64 = 0
    private let nominalDuration: Int64

    /// What the encoder is set up for.
    struct Target {
        var width: Int
        var height: Int
        var aspect: AVRational
        var picture: PictureDescription
        var globalHeader: Bool
        /// FFmpeg's name of the muxer.
        var container: String
        var isPictureFile: Bool
    }

    /// - Throws: `.usage` for an unknown encoder, option or pixel format; `.unavailable` when the encoder cannot start.
    init(_ options: EncoderOptions, defaultName: String, target: Target) throws(SakugaError) {
        let setup = try EncoderSetup(
            options, defaultName: defaultName, keepsAlpha: target.picture.hasAlpha, isPictureFile: target.isPictureFile)
        name = setup.name
        guard let context = avcodec_alloc_context3(setup.codec) else { preconditionFailure("out of memory") }
        self.context = context
        timeBase = AVRational(target.picture.timeBase)
        let rate = AVRational(target.picture.frameRate)
        nominalDuration = max(1, av_rescale_q(1, AVRational(num: rate.den, den: rate.num), timeBase))
        color = .output(for: target.picture, format: setup.format, isPictureFile: target.isPictureFile)
        let flags = av_pix_fmt_desc_get(setup.format)?.pointee.flags ?? 0
        keepsAlpha = target.picture.hasAlpha && flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
        context.pointee.pix_fmt = setup.format
        configure(setup, target, rate: rate)
        var dictionary = FFmpegDictionary(setup.settings)
        let code = avcodec_open2(context, setup.codec, &dictionary.pointer)
        guard code >= 0 else {
            throw SakugaError(
                ffmpeg: code, .usage, "cannot start the encoder \(name) for \(target.width)×\(target.height) pictures",
                call: "avcodec_open2", side: .output, hint: Self.startHint(name, target))
        }
        if let unknown = dictionary.keys.first {
            throw SakugaError(
                .usage, "the encoder \(name) has no option '\(unknown)'",
                hint: "`ffmpeg -h encoder=\(name)` lists its options")
        }
    }

    deinit {
        var closing: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&closing)
    }

    private func configure(_ setup: EncoderSetup, _ target: Target, rate: AVRational) {
        let encoded = Self.rate(nearest: rate, codec: setup.codec)
        context.pointee.width = Int32(target.width)
        context.pointee.height = Int32(target.height)
        context.pointee.sample_aspect_ratio = target.aspect
        context.pointee.time_base = AVRational(num: encoded.den, den: encoded.num)
        context.pointee.framerate = encoded
        // VP8's threads wait for each other by spinning, and were once seen to do so for ever.
        // Others get a number that does not follow the machine: what an encoder does may depend on it.
        context.pointee.thread_count = name == "libvpx" ? 1 : 4
        if target.globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        context.pointee.color_primaries = color.primaries
        context.pointee.color_trc = color.transfer
        context.pointee.colorspace = color.matrix
        context.pointee.color_range = color.range
        context.pointee.chroma_sample_location = color.chromaLocation
        // AVI stores one time a frame, that of decoding: pictures must not change places.
        if target.container == "avi" { context.pointee.max_b_frames = 0 }
    }

    /// Some encoders know certain frame rates only, MPEG-4 only fractions of 16 bits. It is a label: times are kept apart.
    private static func rate(nearest rate: AVRational, codec: UnsafePointer<AVCodec>) -> AVRational {
        if var offered = codec.pointee.supported_framerates {
            var best = offered.pointee
            while offered.pointee.num != 0 {
                if abs(av_q2d(offered.pointee) - av_q2d(rate)) < abs(av_q2d(best) - av_q2d(rate)) {
                    best = offered.pointee
                }
                offered += 1
            }
            return best
        }
        var reduced = rate
        av_reduce(&reduced.num, &reduced.den, Int64(rate.num), Int64(rate.den), Int64(UInt16.max))
        return reduced.num > 0 && reduced.den > 0 ? reduced : rate
    }

    private static func startHint(_ name: String, _ target: Target) -> String? {
        target.width % 2 == 1 || target.height % 2 == 1
            ? "some encoders want even sides: try --size, or --encoder-option pix_fmt=yuv444p" : nil
    }

    // MARK: Encoding

    /// It has been given a picture.
    var hasPictures: Bool { firstTicks != nil }

    /// Its pictures come after those of another encoder, whose times are then known as decoding times before the first.
    func follow(_ other: VideoEncoder) {
        let last = other.shown.keys.max() ?? 0
        for (number, time) in other.shown where number > last - Self.longestDelay { shown[number - last - 1] = time }
    }

    /// Pictures that an encoder may hold back.
    private static let longestDelay: Int64 = 64

    /// Gives the encoder a picture (nil drains it) and calls `emit` with every packet that comes out, in its true time.
    func encode(_ picture: Picture?, into packet: Packet, emit: (Packet) throws -> Void) throws {
        if let picture {
            if firstTicks == nil { firstNumber = Int64(picture.number) }
            let number = Int64(picture.number) - firstNumber
            shown[number] = (picture.timestamp.ticks, picture.duration)
            if firstTicks == nil { firstTicks = picture.timestamp.ticks }
            picture.pointer.pointee.pts = number
            picture.pointer.pointee.pict_type = AV_PICTURE_TYPE_NONE
            // Encoders with a fixed quantizer scale read it from every picture.
            picture.pointer.pointee.quality = context.pointee.global_quality
        }
        let code = avcodec_send_frame(context, picture?.pointer)
        if code != SHIM_ERROR_EOF {
            try check(
                code, .software, "cannot encode picture \(picture?.number ?? -1) with \(name)",
                call: "avcodec_send_frame", side: .output)
        }
        while true {
            packet.unreference()
            let code = avcodec_receive_packet(context, packet.pointer)
            if code == SHIM_ERROR_AGAIN || code == SHIM_ERROR_EOF { return }
            try check(code, .software, "cannot encode with \(name)", call: "avcodec_receive_packet", side: .output)
            restoreTime(of: packet.pointer)
            try emit(packet)
        }
    }

    /// Puts the true times in the place of frame numbers. Decoding times are the presentation times of the frames with
    /// their numbers: never later than the packet's own, and rising as the numbers do.
    private func restoreTime(of packet: UnsafeMutablePointer<AVPacket>) {
        let number = packet.pointee.pts
        let decodeNumber = packet.pointee.dts == SHIM_NO_TIMESTAMP ? number : packet.pointee.dts
        // Before the first picture decoding time runs at the nominal rate.
        func time(_ number: Int64) -> (ticks: Int64, duration: Int64) {
            shown[number] ?? ((firstTicks ?? 0) &+ number &* nominalDuration, nominalDuration)
        }
        packet.pointee.pts = time(number).ticks
        packet.pointee.duration = time(number).duration
        packet.pointee.dts = min(time(decodeNumber).ticks, packet.pointee.pts)
        // Times are looked up once as pts and once as dts; numbers far behind the decoding one are done with.
        if shown.count > 1024 { shown = shown.filter { $0.key >= decodeNumber } }
    }
}
