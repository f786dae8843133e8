import Foundation
import Support
import Testing

/// What goes wrong while a live run goes on: sources that leave and return, outputs that fail.
@Suite("Live faults", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the sources"), .onOwnThreads, .timeLimit(.minutes(30)))
struct LiveFaultTests {
    /// ffmpeg sending a film with sound at its own pace, until it is killed.
    private struct Sender {
        private let process = Process()

        init(_ output: String...) throws {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                ["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=20"]
                + ["-f", "lavfi", "-i", "sine=f=440:sample_rate=48000", "-c:v", "libx264", "-preset", "ultrafast"]
                + ["-tune", "zerolatency", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac"] + output
            process.standardInput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
        }

        func end() {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// A port that nobody listens on at the moment.
    private static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, size)
                getsockname(descriptor, $0, &size)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }

    /// Times of a kind of stream's packets.
    private static func times(_ kind: String, _ probe: Probe) -> [Double] {
        let index = probe.streams.first { $0.codecType == kind }?.index
        return (probe.packets ?? []).filter { $0.streamIndex == index }.compactMap {
            $0.ptsTime.flatMap(Double.init)
        }.sorted()
    }

    @Test("a source that leaves is taken up again, and picture and sound go on together")
    func reconnection() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let port = Self.freePort()
        let running = try command.start(
            [
                "live", "--input", "rtsp://127.0.0.1:\(port)/live", "--input-option", "rtsp_flags=listen", "-o",
                "out.mkv", "--progress", "plain",
            ])
        let address = ["-f", "rtsp", "-rtsp_transport", "tcp", "rtsp://127.0.0.1:\(port)/live"]
        func sending(until condition: (String) -> Bool, then seconds: Double) throws {
            // The run may not listen yet.
            var isThere = false
            for _ in 0..<20 where !isThere {
                let sender = try Sender(address[0], address[1], address[2], address[3], address[4])
                isThere = running.waitForErrorOutput(timeout: 4, condition)
                if isThere { Thread.sleep(forTimeInterval: seconds) }
                sender.end()
            }
            #expect(isThere, "\(running.errorOutput)")
        }
        try sending(until: { $0.contains("-> out.mkv") }, then: 3)
        #expect(running.waitForErrorOutput(timeout: 20) { $0.contains("waiting for it to come back") })
        try sending(until: { $0.contains("the source is back") }, then: 3)
        running.send(SIGINT)
        let result = try running.wait(timeout: 30)
        #expect(result.code == 0, "\(result.errorOutput)")
        let probe = try Probe(command.file("out.mkv"))
        let (pictures, sounds) = (Self.times("video", probe), Self.times("audio", probe))
        func gap(_ times: [Double]) -> (begin: Double, end: Double) {
            zip(times, times.dropFirst()).max { $0.1 - $0.0 < $1.1 - $1.0 } ?? (0, 0)
        }
        let (dark, silent) = (gap(pictures), gap(sounds))
        #expect(dark.end - dark.begin > 0.5)
        #expect(abs(dark.end - silent.end) < 0.35, "picture back at \(dark.end) s, sound at \(silent.end) s")
        #expect((pictures.last ?? 0) > dark.end + 1)
        #expect(abs((pictures.last ?? 0) - (sounds.last ?? 9)) < 0.5)
    }

    @Test("a source that falls silent does not keep a run from ending on time")
    func silence() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let port = Self.freePort()
        let running = try command.start([
            "live", "--input", "udp://127.0.0.1:\(port)", "--duration", "4", "-o", "out.mkv", "--progress", "plain",
        ])
        let sender = try Sender("-f", "mpegts", "udp://127.0.0.1:\(port)?pkt_size=1316")
        #expect(running.waitForErrorOutput { $0.contains("-> out.mkv") })
        Thread.sleep(forTimeInterval: 1.5)
        sender.end()
        let result = try running.wait(timeout: 15)
        #expect(result.code == 0, "\(result.errorOutput)")
        #expect(try Probe(command.file("out.mkv")).packets?.isEmpty == false)
    }

    private static let pattern = [
        "live", "--input-format", "lavfi", "--input", "testsrc2=size=160x120:rate=20", "--duration", "3",
    ]

    @Test("an output on a full disk stops; the others go on, and the exit code tells")
    func fullDisk() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(
            Self.pattern + ["-o", "/dev/full", "-o", "good.mkv", "--container", "matroska", "--stats", "json"])
        #expect(result.code == 74)
        #expect(result.errorOutput.contains("cannot write '/dev/full': no space left on device"))
        #expect(result.errorOutput.contains("the rest goes on"))
        #expect((try Probe(command.file("good.mkv")).packets?.count ?? 0) > 10)
    }

    @Test("a recording that fails is kept up to there, and the page beside it goes on to the end")
    func fullDiskKeepsRecording() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        // Files of this size at most: what a full disk looks like from here.
        let limit = ["bash", "-c", "trap '' XFSZ; ulimit -f 40; exec \"$0\" \"$@\""]
        let result = try command.run(
            Self.pattern + ["-o", "out.mkv", "--crf", "0", "--web", "--bind", "127.0.0.1:0", "--progress", "plain"],
            launcher: limit)
        #expect(result.code == 74, "\(result.errorOutput)")
        #expect(result.errorOutput.contains("cannot write 'out.mkv'"), "\(result.errorOutput)")
        #expect(result.errorOutput.contains("'out.partial.mkv'"), "\(result.errorOutput)")
        #expect(!FileManager.default.fileExists(atPath: command.file("out.mkv").path))
        #expect((try Probe(command.file("out.partial.mkv")).packets?.count ?? 0) > 0)
        // The run went on for the page.
        let line = result.errorOutput.split(separator: "\n").last { $0.hasPrefix("in ") } ?? ""
        let captured = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        #expect(captured > 50, "\(result.errorOutput)")
    }

    @Test("sound from a microphone stands beside the picture, and constant cadence has no holes")
    func microphone() throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(
            Self.pattern + ["--microphone", "sine=frequency=440", "--microphone-format", "lavfi"]
                + ["--cadence", "constant", "-o", "out.mkv"])
        #expect(result.code == 0, "\(result.errorOutput)")
        let probe = try Probe(command.file("out.mkv"))
        #expect(Set(probe.streams.map(\.codecName)) == ["aac", "h264"])
        let (pictures, sounds) = (Self.times("video", probe), Self.times("audio", probe))
        #expect(abs((pictures.last ?? 0) - (sounds.last ?? 9)) < 0.25)
        for (one, next) in zip(pictures, pictures.dropFirst()) { #expect(abs(next - one - 0.05) < 0.002) }
        #expect((58...61).contains(pictures.count))
    }

    @Test(
        "what cannot be gets a sentence",
        arguments: [
            (
                ["--microphone", "nothing", "--microphone-format", "lavfi", "-o", "out.mkv"], 66,
                "cannot open 'nothing'"
            ),
            (["--microphone", "x", "--microphone-format", "nonsense", "-o", "out.mkv"], 64, "unknown input format"),
            (["--microphone-format", "alsa", "-o", "out.mkv"], 64, "--microphone is read"),
            (["--input-option", "x", "-o", "out.mkv"], 64, "want NAME=VALUE"),
            (["--input-option", "nonsense=1", "-o", "out.mkv"], 64, "has no option 'nonsense'"),
            (["--bind", "127.0.0.1", "-o", "out.mkv"], 64, "--bind says where --web is served"),
            (["--web", "--bind", "[::1", "-o", "out.mkv"], 64, "is no address to listen on"),
            (["--web", "--bind", "203.0.113.7", "-o", "out.mkv"], 69, "cannot listen on 203.0.113.7:8088"),
        ] as [([String], Int32, String)])
    func refusals(arguments: [String], code: Int32, sentence: String) throws {
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(Self.pattern + arguments)
        #expect(result.code == code, "\(result.errorOutput)")
        #expect(result.errorOutput.contains(sentence), "\(result.errorOutput)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: command.home.path).filter { $0.hasPrefix("out") } == [])
    }
}
