import ArgumentParser
import Batch
import Foundation
import Frames
import Stylize
import Work

/// One piece of work of a batch, in a process of its own.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Draws one piece of work for sakuga batch.",
        discussion: """
            Started by sakuga batch and by the jobs that it gives to a cluster. What is to be done is a line of JSON, on \
            standard input or in a file.

            EXAMPLES
              sakuga render < order.json
              sakuga render orders.jsonl --line 3
            """, shouldDisplay: false)

    @Argument(help: "A file of orders. (default: standard input, which ends the work when it ends)")
    var orders: String?

    @Option(help: "Which line of the file, counted from 0.")
    var line = 0

    func run() throws {
        do {
            let order = try readOrder()
            order.limits?.apply()
            if order.plans { return try RenderPlanner.plan(order.request) }
            try StylizeSession(progress: .json, verbose: false).run([order.request])
        } catch let error as SakugaError {
            TerminalScreen.standardError.write(JSONLine.text("error", ErrorEvent(error)))
            throw ExitCode(error.code.rawValue)
        }
    }

    private func readOrder() throws -> RenderOrder {
        let text: String?
        if let orders {
            let lines = (try? String(contentsOfFile: orders, encoding: .utf8))?.split(separator: "\n") ?? []
            text = lines.indices.contains(line) ? String(lines[line]) : nil
        } else {
            text = readLine(strippingNewline: true)
            Thread.detachNewThread {
                // Where the batch ends or wants no more, so does this; what is drawn of a film stays.
                while readLine() != nil {}
                _exit(SakugaError.Code.interrupted.rawValue)
            }
        }
        guard let text, let order = try? JSONDecoder().decode(RenderOrder.self, from: Data(text.utf8)) else {
            throw SakugaError(.usage, "there is no order that can be read", hint: "use sakuga batch instead")
        }
        return order
    }
}
