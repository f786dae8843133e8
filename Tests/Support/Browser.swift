package import Foundation

/// A headless Chromium, driven through the pipes of its DevTools protocol: a real browser looks at our pages.
package final class Browser {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        package init(description: String) { self.description = description }
    }

    /// Whether Chromium is installed.
    package static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    private let process = Process()
    private let folder: URL
    private let commands: FileHandle
    private let answers: FileHandle
    private var unread = Data()
    private var number = 0

    package init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sakuga-browser-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let pipes = ["commands", "answers"].map { folder.appendingPathComponent($0).path }
        for pipe in pipes where mkfifo(pipe, 0o600) != 0 { throw Failure(description: "cannot make \(pipe)") }
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // Chromium reads commands from descriptor 3 and answers on 4.
        process.arguments = [
            "-c",
            "exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
                + " --remote-debugging-pipe --window-size=1280,800 --user-data-dir=\(folder.path)/profile about:blank"
                + " 3<\(pipes[0]) 4>\(pipes[1]) >/dev/null 2>&1",
        ]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Opened for both ways, so that no end waits for the other.
        commands = try FileHandle(forUpdating: URL(fileURLWithPath: pipes[0]))
        answers = try FileHandle(forReadingFrom: URL(fileURLWithPath: pipes[1]))
    }

    package func close() {
        // Programs started by a thread of Dispatch inherit its blocked signals; this one cannot be blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Opens a page in a tab of its own.
    package func open(_ address: String) throws -> Tab {
        let target = try call("Target.createTarget", ["url": address])
        guard let id = target["targetId"] as? String,
            let session = try call("Target.attachToTarget", ["targetId": id, "flatten": true])["sessionId"] as? String
        else { throw Failure(description: "no tab for \(address)") }
        return Tab(browser: self, session: session)
    }

    /// Sends a command and waits for its answer; events are passed over.
    fileprivate func call(
        _ method: String, _ parameters: [String: Any] = [:], session: String? = nil, timeout: Double = 30
    ) throws -> [String: Any] {
        number += 1
        var message: [String: Any] = ["id": number, "method": method, "params": parameters]
        message["sessionId"] = session
        try commands.write(contentsOf: JSONSerialization.data(withJSONObject: message) + [0])
        let deadline = ContinuousClock.now + .seconds(timeout)
        while ContinuousClock.now < deadline {
            guard let answer = try nextMessage() else { break }
            guard answer["id"] as? Int == number else { continue }
            if let error = answer["error"] as? [String: Any] {
                throw Failure(description: "\(method): \(error["message"] ?? "failed")")
            }
            return answer["result"] as? [String: Any] ?? [:]
        }
        throw Failure(description: "\(method): no answer")
    }

    private func nextMessage() throws -> [String: Any]? {
        while true {
            if let end = unread.firstIndex(of: 0) {
                let message = unread[unread.startIndex..<end]
                unread.removeSubrange(unread.startIndex...end)
                return try JSONSerialization.jsonObject(with: message) as? [String: Any]
            }
            let more = answers.availableData
            if more.isEmpty { return nil }
            unread.append(more)
        }
    }

    /// One page.
    package struct Tab {
        fileprivate let browser: Browser
        fileprivate let session: String

        /// Runs JavaScript in the page, waits for its promise, and returns its value.
        @discardableResult
        package func run(_ script: String) throws -> Any? {
            let answer = try browser.call(
                "Runtime.evaluate",
                ["expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true],
                session: session)
            if let failure = answer["exceptionDetails"] as? [String: Any] {
                throw Failure(description: "\(script): \(failure["exception"] ?? failure)")
            }
            return (answer["result"] as? [String: Any])?["value"]
        }

        /// Waits until JavaScript gives true; false after `timeout` seconds.
        package func wait(for condition: String, timeout: Double = 20) throws -> Bool {
            let deadline = ContinuousClock.now + .seconds(timeout)
            while ContinuousClock.now < deadline {
                if (try? run(condition)) as? Bool == true { return true }
                usleep(50_000)
            }
            return false
        }

        /// Presses a key, as a person would: a character, or a named key of the DOM (`Tab`, `Enter`, `ArrowRight`).
        package func press(_ key: String) throws {
            // Keys that do something have a number, too.
            let number = ["Tab": 9, "Enter": 13, "End": 35, "ArrowLeft": 37, "ArrowRight": 39][key]
            let text = number == nil ? key : key == "Enter" ? "\r" : ""
            for kind in ["keyDown", "keyUp"] {
                var event: [String: Any] = ["type": kind, "key": key, "text": kind == "keyDown" ? text : ""]
                event["windowsVirtualKeyCode"] = number
                _ = try browser.call("Input.dispatchKeyEvent", event, session: session)
            }
        }

        /// Chooses files for the file input that `selector` finds, once the page has it.
        package func choose(_ files: [URL], for selector: String) throws {
            let deadline = ContinuousClock.now + .seconds(30)
            while true {
                let document = try browser.call("DOM.getDocument", session: session)["root"] as? [String: Any]
                let found = try? browser.call(
                    "DOM.querySelector", ["nodeId": document?["nodeId"] ?? 0, "selector": selector], session: session)
                // While a page is being loaded its nodes come and go.
                if let node = found?["nodeId"] as? Int, node != 0,
                    (try? browser.call(
                        "DOM.setFileInputFiles", ["nodeId": node, "files": files.map(\.path)], session: session)) != nil
                {
                    return
                }
                guard ContinuousClock.now < deadline else {
                    throw Failure(description: "the page has no file input '\(selector)'")
                }
                usleep(100_000)
            }
        }

        /// Takes the size of a phone's or a desk's screen.
        package func resize(width: Int, height: Int, isPhone: Bool = false) throws {
            _ = try browser.call(
                "Emulation.setDeviceMetricsOverride",
                ["width": width, "height": height, "deviceScaleFactor": isPhone ? 2 : 1, "mobile": isPhone],
                session: session)
        }

        /// Asks for the page's dark or its light colours.
        package func prefer(dark: Bool) throws {
            let scheme = ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]
            _ = try browser.call("Emulation.setEmulatedMedia", ["features": [scheme]], session: session)
        }

        /// A picture of the page, as PNG.
        package func screenshot() throws -> Data {
            let answer = try browser.call("Page.captureScreenshot", ["format": "png"], session: session)
            return (answer["data"] as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
        }
    }
}
