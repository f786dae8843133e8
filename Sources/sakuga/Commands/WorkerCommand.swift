import ArgumentParser
import Batch
import Foundation
import Frames
import Media
import Server
import Stylize
import Synchronization
import Work

/// One attempt at a job of the server, in a process with limits of its own.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Draws one job for sakuga serve, or a picture of it.",
        discussion: """
            Started by the server, which writes the job to standard input as one line of JSON.

            EXAMPLES
              sakuga worker < order.json
            """, shouldDisplay: false)

    /// What is to be cancelled with the work.
    private static let cluster = Mutex<SlurmRun?>(nil)

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
        // Whoever waits for an answer of the server, or for a picture, comes before what is drawn.
        if order.product.isWhole { ProcessPriority.yieldToOthers() }
        order.limits.process.apply()
        Thread.detachNewThread {
            // Where the server ends or wants no more, so does this; it takes away what is left.
            while readLine() != nil {}
            Self.cluster.withLock { $0 }?.stop()
            _exit(SakugaError.Code.interrupted.rawValue)
        }
        let request = order.request
        try check(MediaReader(request.input, options: request.inputOptions), order)
        switch order.product {
        case .drawing where order.cluster != nil: try drawOnCluster(request, order)
        case .drawing: try StylizeSession(progress: .json, verbose: false).run([request])
        case .frame(let time, let isDrawn): try FrameWork(order).writeFrame(at: time, isDrawn: isDrawn)
        case .thumbnail: try FrameWork(order).writeThumbnail()
        case .proxy: try ProxyWork(order).write()
        }
    }

    /// Has the film drawn in segments, and says how far it is.
    private func drawOnCluster(_ request: StylizeRequest, _ order: WorkOrder) throws {
        let output = try RenderPlanner.outputPath(of: request)
        var settings = SlurmRun.Settings(
            executable: Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
        (settings.overwrites, settings.takesOver, settings.patience) = (true, true, 600)
        settings.limits = order.limits.process
        if let cluster = order.cluster { (settings.cores, settings.options) = (cluster.cores, cluster.options) }
        let screen = TerminalScreen.standardError
        // Not among the results.
        let folder = URL(fileURLWithPath: order.folder, isDirectory: true).deletingLastPathComponent()
        let run = SlurmRun(
            [BatchItem(request, output: output)], in: folder, settings, say: { screen.write($0) },
            progress: { screen.write(JSONLine.text("progress", $0)) })
        Self.cluster.withLock { $0 = run }
        let results = try run.run()
        guard let result = results.first, result.state == .done, let frames = result.frames else {
            // It was submitted often enough.
            throw SakugaError(.data, results.first?.error ?? "the film was not drawn")
        }
        screen.write(JSONLine.text("done", DoneEvent(output: output, frames: frames, seconds: result.seconds ?? 0)))
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
