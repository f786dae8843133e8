internal import Foundation
internal import Frames
internal import Media
internal import Stylize
internal import Synchronization

/// Measures a live run from outside: pictures that carry their number are sent into it at a camera's pace, and read back
/// from its output.
///
/// The delay of a picture runs from just before it is sent to when the receiver has decoded its drawing, so capturing,
/// drawing, encoding, and the receiver's own decoding are all in it.
package struct LiveBenchmark: Sendable {
    package struct Result: Sendable, Encodable {
        package var width: Int
        package var height: Int
        package var seconds: Double
        package var sent: Int
        package var received: Int
        /// Frames that came out per second.
        package var framesPerSecond: Double
        /// Milliseconds from sending to having decoded.
        package var delayMedian: Double
        package var delayP95: Double
        /// The same median over the first and the last quarter of the run.
        package var firstQuarterMedian: Double
        package var lastQuarterMedian: Double
        /// Megabytes of memory after the first quarter and at the end.
        package var firstMemory: Double
        package var lastMemory: Double
        /// What the run says of itself.
        package var figures: LiveStatistics.Figures

        enum CodingKeys: String, CodingKey {
            case width, height, seconds, sent, received, figures
            case framesPerSecond = "frames_per_second"
            case delayMedian = "delay_ms_median"
            case delayP95 = "delay_ms_p95"
            case firstQuarterMedian = "delay_ms_first_quarter"
            case lastQuarterMedian = "delay_ms_last_quarter"
            case firstMemory = "memory_mb_first_quarter"
            case lastMemory = "memory_mb_end"
        }
    }

    package var clip: String
    package var width: Int
    package var height: Int
    package var rate: Double
    package var seconds: Double
    /// Says what draws; its input and destinations are the benchmark's.
    package var request: LiveRequest

    package init(clip: String, width: Int, height: Int, rate: Double, seconds: Double, request: LiveRequest) {
        (self.clip, self.width, self.height, self.rate) = (clip, width, height, rate)
        (self.seconds, self.request) = (seconds, request)
    }

    /// - Throws: what opening the clip or running throws; `.software` where no picture came back.
    package func run() throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sakuga-live-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appendingPathComponent("in").path, folder.appendingPathComponent("out.flv").path)
        guard mkfifo(input, 0o600) == 0, mkfifo(output, 0o600) == 0 else {
            throw SakugaError(.cannotCreate, "cannot make a pipe in '\(folder.path)'")
        }
        let log = Mutex(Log())
        let sender = try Sender(clip: clip, width: width, height: height)
        var request = request
        request.input = input
        request.inputOptions.format = "rawvideo"
        request.inputOptions.demuxerOptions = [
            "video_size": "\(width)x\(height)", "pixel_format": "rgb24", "framerate": "\(rate)",
        ]
        request.destinations = [try LiveDestination(output)]
        let received = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [seconds, rate] in
            sender.send(to: input, rate: rate, seconds: seconds) { number in
                log.withLock { $0.sent[number] = .now }
            }
        }
        Thread.detachNewThread {
            Self.receive(output) { number in log.withLock { $0.receive(number) } }
            received.signal()
        }
        let job = try LiveJob(request)
        let summary = try job.run { _ in }
        received.wait()
        return try result(log.withLock { $0 }, summary.figures)
    }

    private struct Log {
        var sent: [Int: ContinuousClock.Instant] = [:]
        var delays: [(at: ContinuousClock.Instant, milliseconds: Double, memory: Double)] = []

        mutating func receive(_ number: Int) {
            let now = ContinuousClock.now
            guard let begin = sent[number] else { return }
            delays.append((now, (now - begin) / .milliseconds(1), LiveBenchmark.memory()))
        }
    }

    private func result(_ log: Log, _ figures: LiveStatistics.Figures) throws -> Result {
        // While the generator is compiled, pictures wait in the pipe.
        let warm = (log.delays.first?.at ?? .now) + .seconds(2)
        let delays = log.delays.filter { $0.at >= warm }
        guard delays.count >= 8, let first = delays.first?.at, let last = delays.last?.at, last > first else {
            throw SakugaError(.software, "of \(log.sent.count) pictures \(delays.count) could be read in the output")
        }
        func quantile(
            _ share: Double, _ some: ArraySlice<(at: ContinuousClock.Instant, milliseconds: Double, memory: Double)>
        ) -> Double {
            let sorted = some.map(\.milliseconds).sorted()
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        let quarter = delays.count / 4
        let seconds = (last - first) / .seconds(1)
        return Result(
            width: width, height: height, seconds: seconds, sent: log.sent.count, received: delays.count,
            framesPerSecond: Double(delays.count - 1) / seconds, delayMedian: quantile(0.5, delays[...]),
            delayP95: quantile(0.95, delays[...]), firstQuarterMedian: quantile(0.5, delays[..<quarter]),
            lastQuarterMedian: quantile(0.5, delays[(delays.count - quarter)...]),
            firstMemory: delays[quarter].memory, lastMemory: delays[delays.count - 1].memory, figures: figures)
    }

    /// Megabytes of this process in memory.
    private static func memory() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { return 0 }
        return pages * Double(getpagesize()) / 1e6
    }

    /// Decodes what the run sends and reads the pictures' numbers.
    private static func receive(_ path: String, _ note: (Int) -> Void) {
        var options = InputOptions()
        options.isLive = true
        options.format = "flv"
        options.demuxerOptions = ["probesize": "32768"]
        guard let reader = try? MediaReader(path, options: options) else { return }
        let pool = FramePool(width: reader.picture.width, height: reader.picture.height)
        let converter = PictureConverter(for: reader.picture, pool: pool, alpha: .dropped)
        while let picture = try? reader.nextPicture() {
            guard let frame = try? converter.frame(from: picture) else { return }
            if let number = NumberMark.read(frame.pixels) { note(number) }
        }
    }
}

/// A number as black and white squares along the top of a picture: they survive drawing and encoding. Behind the number
/// stands its complement, so that a damaged one is not taken for another.
enum NumberMark {
    private static let bits = 18
    /// Squares side by side, and their side in pixels.
    private static func side(_ width: Int) -> Int { width / (2 * bits) }

    static func write(_ number: Int, into pixels: PixelBuffer) {
        let side = side(pixels.width)
        for square in 0..<2 * bits {
            let level = UInt8(isSet(number, square) ? 235 : 16)
            for row in 0..<side {
                let start = pixels.bytes + row * pixels.stride + square * side * 3
                start.update(repeating: level, count: side * 3)
            }
        }
    }

    static func read(_ pixels: PixelBuffer) -> Int? {
        let side = side(pixels.width)
        var number = 0
        for square in 0..<2 * bits {
            let middle = pixels.bytes + side / 2 * pixels.stride + (square * side + side / 2) * 3
            let isLight = Int(middle[0]) + Int(middle[1]) + Int(middle[2]) > 3 * 126
            if square < bits { number |= isLight ? 1 << square : 0 }
            if square >= bits, isLight != isSet(number, square) { return nil }
        }
        return number
    }

    private static func isSet(_ number: Int, _ square: Int) -> Bool {
        square < bits ? number >> square & 1 == 1 : number >> (square - bits) & 1 == 0
    }
}

/// Sends a clip's pictures over and over, each with its number, as a camera would.
private final class Sender: Sendable {
    private let pictures: [PixelBuffer]
    private static let most = 60

    init(clip: String, width: Int, height: Int) throws {
        var options = InputOptions()
        options.frameLimit = Self.most
        let reader = try MediaReader(clip, options: options)
        let converter = PictureConverter(
            for: reader.picture, pool: FramePool(width: width, height: height), alpha: .dropped)
        var pictures: [PixelBuffer] = []
        while let picture = try reader.nextPicture() { pictures.append(try converter.frame(from: picture).pixels) }
        self.pictures = pictures
    }

    func send(to path: String, rate: Double, seconds: Double, sending: (Int) -> Void) {
        let pipe = open(path, O_WRONLY | O_CLOEXEC)
        guard pipe >= 0 else { return }
        defer { close(pipe) }
        var due = ContinuousClock.now
        // Forwards and backwards, so that there is no cut.
        let order = Array(pictures.indices) + pictures.indices.reversed()
        for number in 0..<Int(seconds * rate) {
            let wait = (due - .now) / .seconds(1)
            if wait > 0 { Thread.sleep(forTimeInterval: wait) }
            // A camera does not make up for what nobody took.
            due = max(due, .now - .seconds(0.5 / rate)) + .seconds(1 / rate)
            let picture = pictures[order[number % order.count]]
            NumberMark.write(number, into: picture)
            sending(number)
            var offset = 0
            while offset < picture.byteCount {
                let count = write(pipe, picture.bytes + offset, picture.byteCount - offset)
                guard count > 0 else { return }
                offset += count
            }
        }
    }
}
