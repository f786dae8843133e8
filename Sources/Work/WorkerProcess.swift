internal import Dispatch
package import Foundation
internal import Frames
package import Pipeline
internal import Synchronization

/// One piece of work in a process of its own: a crash in a codec ends the attempt, not the program that wants it done.
package final class WorkerProcess: Sendable {
    package init() {}

    /// How an attempt ended.
    package enum Outcome: Sendable {
        case done(frames: Int)
        /// `isFinal`: another attempt would end the same way.
        case failed(String, isFinal: Bool)
        /// It was killed because its time was over.
        case late
        case stopped
    }

    private struct State {
        var isStopped = false
        var input: FileHandle?
    }

    private let state = Mutex(State())
    private let latest = Mutex<RenderProgress?>(nil)

    /// How far it has come, where it says so.
    package var progress: RenderProgress? { latest.withLock { $0 } }

    /// Ends the attempt soon. Callable on any thread.
    package func stop() {
        state.withLock { $0.isStopped = true }
        closeInput()
    }

    /// Workers end when their input does.
    private func closeInput() {
        state.withLock { state in
            try? state.input?.close()
            state.input = nil
        }
    }

    /// Runs the program to its end; blocks.
    ///
    /// - Parameters:
    ///   - command: the program's subcommand, which reads the order from standard input as one line of JSON.
    ///   - log: takes what the worker said, line by line.
    ///   - timeout: seconds after which it is to end, and is killed where it does not within fifteen more.
    package func run(
        _ executable: URL, _ command: String, _ order: some Encodable, log: URL? = nil, timeout: Double? = nil
    ) throws -> Outcome {
        let process = Process()
        let (input, said) = (Pipe(), Pipe())
        process.executableURL = executable
        process.arguments = [command]
        process.standardInput = input
        process.standardError = said
        process.standardOutput = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        try? said.fileHandleForWriting.close()
        try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(order) + Data("\n".utf8))
        let wasStopped = state.withLock { state in
            if !state.isStopped { state.input = input.fileHandleForWriting }
            return state.isStopped
        }
        if wasStopped { try? input.fileHandleForWriting.close() }
        let lines = Lines()
        let isLate = Mutex(false)
        let killing = DispatchWorkItem { kill(process.processIdentifier, SIGKILL) }
        // What it has begun elsewhere, it can take back.
        let ending = DispatchWorkItem { [self] in
            isLate.withLock { $0 = true }
            closeInput()
            DispatchQueue.global().asyncAfter(deadline: .now() + 15, execute: killing)
        }
        if let timeout { DispatchQueue.global().asyncAfter(deadline: .now() + timeout, execute: ending) }
        while case let data = said.fileHandleForReading.availableData, !data.isEmpty {
            for line in lines.add(data) { hear(line, lines) }
        }
        if ended.wait(timeout: .now() + 10) == .timedOut {
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        ending.cancel()
        killing.cancel()
        if let log { try? Data(lines.kept.joined(separator: "\n").utf8).write(to: log) }
        if state.withLock({ $0.isStopped }) { return .stopped }
        if isLate.withLock({ $0 }) { return .late }
        if process.terminationReason == .uncaughtSignal {
            return .failed("the worker crashed (signal \(process.terminationStatus))", isFinal: false)
        }
        if process.terminationStatus == 0 { return .done(frames: lines.frames) }
        let code = SakugaError.Code(rawValue: process.terminationStatus)
        // What is wrong with the file or the options stays wrong.
        let isFinal = [.usage, .data, .noInput].contains(code)
        return .failed(lines.error ?? "the worker ended with \(process.terminationStatus)", isFinal: isFinal)
    }

    private func hear(_ line: Data, _ lines: Lines) {
        guard let event = try? JSONDecoder().decode(WorkerEvent.self, from: line) else {
            return lines.keep(String(decoding: line, as: UTF8.self))
        }
        switch event.event {
        case "progress":
            if let progress = try? JSONDecoder().decode(RenderProgress.self, from: line) {
                latest.withLock { $0 = progress }
            }
        case "done": lines.frames = event.frames ?? 0
        default:
            if event.event == "error" { lines.error = event.message }
            lines.keep("\(event.event): \(event.message ?? "")")
        }
    }

    /// What the lines that a worker prints have in common.
    private struct WorkerEvent: Decodable {
        var event: String
        var message: String?
        var frames: Int?
    }

    /// What has been said so far. Used by the thread that runs the worker.
    private final class Lines {
        private var rest = Data()
        private(set) var kept: [String] = []
        var frames = 0
        var error: String?

        func add(_ data: Data) -> [Data] {
            rest.append(data)
            var lines: [Data] = []
            while let end = rest.firstIndex(of: 10) {
                lines.append(Data(rest[rest.startIndex..<end]))
                rest = Data(rest[rest.index(after: end)...])
            }
            // A program gone mad must not fill the server's memory.
            if rest.count > 1 << 16 { rest = Data() }
            return lines
        }

        func keep(_ line: String) {
            if kept.count < 500 { kept.append(line) }
        }
    }
}
