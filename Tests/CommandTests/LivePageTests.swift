import Foundation
import Support
import Testing

/// The page of `sakuga live --web`, looked at in a real browser and asked by strangers.
@Suite("Live page", .enabled(if: Clip.hasFFmpeg, "ffmpeg makes the sources"), .onOwnThreads, .timeLimit(.minutes(30)))
struct LivePageTests {
    /// A live run whose page is open to be looked at.
    private struct Page {
        let command: BuiltCommand
        let running: RunningCommand
        let link: URL

        init(_ arguments: [String] = []) throws {
            command = try BuiltCommand()
            running = try command.start(
                [
                    "live", "--input-format", "lavfi", "--input", "testsrc2=size=320x180:rate=20", "--web", "--bind",
                    "127.0.0.1:0", "--progress", "plain",
                ] + arguments)
            guard running.waitForErrorOutput(timeout: 60, { $0.contains("token=") && $0.hasSuffix("\n") }),
                let line = running.errorOutput.split(separator: "\n").first(where: { $0.hasPrefix("open ") }),
                let link = URL(string: String(line.dropFirst(5)))
            else { throw Browser.Failure(description: "no address in: \(running.errorOutput)") }
            self.link = link
        }

        func end() throws -> BuiltCommand.Result {
            running.send(SIGINT)
            defer { command.removeHome() }
            return try running.wait(timeout: 30)
        }

        func address(_ path: String) -> String {
            "http://127.0.0.1:\(link.port ?? 0)\(path)?\(link.query ?? "")"
        }

        /// What curl gets: the status and the body.
        func ask(_ path: String, _ options: String..., withToken: Bool = true) throws -> (code: Int, body: String) {
            let answer = try MediaTool.run(
                "curl",
                ["-s", "--max-time", "10", "-w", "\n%{http_code}"] + options
                    + [withToken ? address(path) : "http://127.0.0.1:\(link.port ?? 0)\(path)"])
            let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
            return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
        }
    }

    @Test(
        "in a browser the picture moves, the controls act, and the figures run",
        .enabled(if: Browser.isThere, "needs chromium: scripts/deps.sh tests"))
    func browser() throws {
        let page = try Page()
        let browser = try Browser()
        defer { browser.close() }
        let tab = try browser.open(page.link.absoluteString)
        #expect(try tab.wait(for: "document.querySelector('#picture').naturalWidth == 320"))
        // Two looks at the same place differ.
        let look = """
            (() => { const c = document.createElement('canvas'); c.width = 32; c.height = 18;
            const x = c.getContext('2d'); x.drawImage(document.querySelector('#picture'), 0, 0, 32, 18);
            return x.getImageData(0, 0, 32, 18).data.join(); })()
            """
        let first = try tab.run(look) as? String
        #expect(try tab.wait(for: "\(look) != '\(first ?? "")'"))
        #expect(try tab.wait(for: "document.querySelector('#figures').textContent.includes('frames/s')"))
        #expect(try tab.run("document.querySelectorAll('#looks button').length") as? Int ?? 0 >= 2)

        // A button, a slider, a key.
        try tab.run("document.querySelector('#looks button[data-name=painted]').click()")
        #expect(try tab.wait(for: "state.preset == 'painted'"))
        try tab.run(
            "{ const s = document.querySelector('#strength'); s.value = 40; s.dispatchEvent(new Event('input')) }")
        #expect(try tab.wait(for: "state.strength == 0.4"))
        try tab.press("o")
        #expect(try tab.wait(for: "state.view == 'split'"))
        try tab.press("+")
        #expect(try tab.wait(for: "state.strength == 0.5"))
        try tab.press(" ")
        #expect(try tab.run("!document.querySelector('#frozen').hidden") as? Bool == true)

        // A recording, begun and ended from the page.
        try tab.press("r")
        #expect(try tab.wait(for: "state.recording != null"))
        Thread.sleep(forTimeInterval: 1.5)
        try tab.press("r")
        #expect(try tab.wait(for: "state.recording == null"))
        #expect(page.running.waitForErrorOutput(timeout: 10) { $0.contains("note: saved 'sakuga-") })
        let names = try FileManager.default.contentsOfDirectory(atPath: page.command.home.path)
        let recorded = names.filter { $0.hasSuffix(".mkv") }
        #expect(recorded.count == 1)
        for name in recorded {
            let packets = try Probe(page.command.file(name)).packets ?? []
            #expect(packets.count > 10)
            #expect((packets.first?.ptsTime).flatMap(Double.init) ?? 9 < 0.2, "a recording begins at its own start")
        }

        // Where nothing is loaded from elsewhere, the browser's policy finds nothing to complain about.
        #expect(
            try tab.run("performance.getEntriesByType('resource').every(e => e.name.startsWith(location.origin))")
                as? Bool == true)
        let result = try page.end()
        #expect(result.code == 0, "\(result.errorOutput)")
        #expect(try tab.wait(for: "document.querySelector('#message').textContent.includes('ended')"))
    }

    @Test("two viewers see it at full rate beside one that takes nothing")
    func viewers() throws {
        let page = try Page()
        let stalled = try Connection(port: page.link.port ?? 0)
        stalled.send("GET /stream?\(page.link.query ?? "") HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        let begin = try figures(page)
        let readers = try (0..<2).map { _ in try Connection(port: page.link.port ?? 0) }
        let counts = readers.map { reader in
            reader.send("GET /stream?\(page.link.query ?? "") HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            return reader.counting("Content-Type: image/jpeg", seconds: 4)
        }.map { $0() }
        let end = try figures(page)
        let drawn = end.delivered - begin.delivered
        #expect(drawn > 8)
        for count in counts { #expect(count >= drawn * 8 / 10, "\(count) of \(drawn) pictures") }
        // Readers go; the run stays.
        readers.forEach { $0.end() }
        #expect(try figures(page).delivered >= end.delivered)
        #expect(try page.end().code == 0)
    }

    @Test("strangers are turned away, each with a sentence")
    func strangers() throws {
        let page = try Page()
        for path in ["/", "/stream", "/events", "/snapshot.png", "/presets/cel", "/nothing"] {
            #expect(try page.ask(path, withToken: false).code == 401, "\(path)")
        }
        #expect(try page.ask("/control", "-d", "{\"strength\":0}", withToken: false).code == 401)
        #expect(try page.ask("/", "-H", "Host: evil.example").code == 421)
        #expect(try page.ask("/control", "-d", "{}", "-H", "Origin: http://evil.example").code == 403)
        #expect(try page.ask("/events", "-H", "Sec-Fetch-Site: cross-site").code == 403)
        #expect(try page.ask("/", "-H", "Sec-Fetch-Site: cross-site").code == 200)
        #expect(try page.ask("/", "-H", "Origin: null").code == 403)
        #expect(try page.ask("/nothing").code == 404)
        #expect(try page.end().code == 0)
    }

    @Test("changes that cannot be made are refused whole, and paths are nothing for a page")
    func badChanges() throws {
        let page = try Page()
        for change in [
            "", "[]", "{\"strength\":2}", "{\"strength\":\"x\"}", "{\"view\":\"all\"}", "{\"smoothing\":\"some\"}",
            "{\"preset\":\"../../presets/cel\"}", "{\"preset\":\"/etc\"}", "{\"preset\":\"none\"}",
            "{\"recording\":\"../x.mkv\"}", "{\"strength\":0.25,\"preset\":\"none\"}",
        ] {
            #expect(try page.ask("/control", "-d", change).code == 400, "\(change)")
        }
        #expect(try page.ask("/control", "-d", String(repeating: " ", count: 5000)).code >= 400)
        #expect(try page.ask("/presets/..%2f..%2fpresets%2fcel").code == 404)
        #expect(try page.ask("/control", "-d", "{}").body.contains("\"strength\":1"))
        #expect(try page.end().code == 0)
    }

    @Test("a port that is taken gets a sentence")
    func takenPort() throws {
        let page = try Page()
        let command = try BuiltCommand()
        defer { command.removeHome() }
        let result = try command.run(
            "live", "--input-format", "lavfi", "--input", "testsrc2=size=160x120:rate=20", "--web", "--bind",
            "127.0.0.1:\(page.link.port ?? 0)", "-o", "out.mkv")
        #expect(result.code == 69)
        #expect(result.errorOutput.contains("cannot listen on 127.0.0.1"), "\(result.errorOutput)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: command.home.path).filter { $0.contains("out") } == [])
        #expect(try page.end().code == 0)
    }

    private struct Figures: Decodable {
        struct Inner: Decodable { var delivered: Int }
        var figures: Inner
        var delivered: Int { figures.delivered }
    }

    private func figures(_ page: Page) throws -> Figures {
        try JSONDecoder().decode(Figures.self, from: Data(try page.ask("/control", "-d", "{}").body.utf8))
    }
}

/// A plain connection to a port of this machine.
private final class Connection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard code == 0 else { throw Browser.Failure(description: "cannot connect to port \(port)") }
    }

    func send(_ text: String) { _ = text.withCString { write(descriptor, $0, strlen($0)) } }

    /// Counts on a thread of its own how often a text comes within so many seconds; the result waits for it.
    func counting(_ text: String, seconds: Double) -> () -> Int {
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var count = 0
        Thread.detachNewThread { [self] in
            let deadline = ContinuousClock.now + .seconds(seconds)
            var rest = Data()
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let pattern = Data(text.utf8)
            while ContinuousClock.now < deadline {
                let length = read(descriptor, &buffer, buffer.count)
                guard length > 0 else { break }
                rest.append(contentsOf: buffer[..<length])
                while let found = rest.range(of: pattern) {
                    count += 1
                    rest.removeSubrange(rest.startIndex..<found.upperBound)
                }
                rest = rest.suffix(pattern.count)
            }
            done.signal()
        }
        return {
            done.wait()
            return count
        }
    }

    func end() { close(descriptor) }
}
