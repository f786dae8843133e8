import ArgumentParser
import Foundation
import Frames
import Media
import Server
import Stylize

/// One attempt at a job of the server, in a process with limits of its own.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Draws one job for sakuga serve, or a picture of it.",
        discussion: """
            Started by the server, which writes the job to standard input as one line of JSON.

            EXAMPLES
              sakuga worker < order.json
            """, shouldDisplay: false)

    func run() throws {
        do {
            try draw()
        } catch let error as SakugaError {
            TerminalScreen.standardError.write(JSONLine.text("error", ErrorEvent(error)))
            throw ExitCode(error.code.rawValue)
        }
    }

    private func draw() throws {
        guard let line = readLine(strippingNewline: true) else {
            throw SakugaError(.usage, "sakuga worker is started by sakuga serve", hint: "use sakuga stylize instead")
        }
        let order: WorkOrder
        do {
            order = try JSONDecoder().decode(WorkOrder.self, from: Data(line.utf8))
        } catch {
            throw SakugaError(.usage, "the order cannot be read: \(error)")
        }
        // Whoever waits for an answer of the server comes before what is drawn.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        limit(Int32(RLIMIT_AS.rawValue), order.limits.memory)
        limit(Int32(RLIMIT_FSIZE.rawValue), order.limits.result)
        limit(Int32(RLIMIT_CORE.rawValue), 0)
        // A result that grows too large is then a failed write, not a crash.
        signal(SIGXFSZ, SIG_IGN)
        Thread.detachNewThread {
            // Where the server ends or wants no more, so does this; it takes away what is left.
            while readLine() != nil {}
            _exit(SakugaError.Code.interrupted.rawValue)
        }
        let request = order.request
        try check(MediaReader(request.input, options: request.inputOptions), order)
        switch order.product {
        case .drawing: try StylizeSession(progress: .json, verbose: false).run([request])
        case .frame(let time, let isDrawn): try FrameWork(order).writeFrame(at: time, isDrawn: isDrawn)
        case .thumbnail: try FrameWork(order).writeThumbnail()
        case .proxy: try ProxyWork(order).write()
        }
    }

    private func limit(_ resource: Int32, _ value: Int) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        setrlimit(resource, &limit)
    }

    /// Looks at what was sent before anything is drawn.
    private func check(_ reader: MediaReader, _ order: WorkOrder) throws {
        let (width, height) = (reader.picture.width, reader.picture.height)
        guard width * height <= order.limits.pixels else {
            throw SakugaError(.data, "pictures of \(width)×\(height) are larger than this server draws")
        }
        guard order.product.isWhole, let duration = reader.info.duration else { return }
        let part = min(duration, order.request.inputOptions.end ?? duration) - (order.request.inputOptions.start ?? 0)
        if part > order.limits.duration {
            throw SakugaError(
                .data, "\(Int(part / 60)) minutes are longer than this server draws",
                hint: "send a part of it with start and end")
        }
    }
}
