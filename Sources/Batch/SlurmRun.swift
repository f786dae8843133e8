package import Foundation
internal import Frames
internal import Inference
internal import Pipeline
package import Stylize
internal import Synchronization
internal import Work

/// Draws the items of a batch on a Slurm cluster: an array of tasks that draw films' segments and whole pictures, and one
/// after it that joins the films. What lies on the shared folder says how far it is; what is missing when the tasks have
/// ended is submitted again.
package final class SlurmRun: Sendable {
    package struct Settings: Sendable {
        package var executable: URL
        package var overwrites = false
        /// Processor cores for each task.
        package var cores = 1
        /// Segments that a task draws one after the other, at most.
        package var segmentsPerTask = 4
        /// Further options for sbatch.
        package var options: [String] = []
        /// Seconds between two looks at the cluster.
        package var pause = 1.0

        package init(executable: URL) { self.executable = executable }
    }

    private struct State {
        var isStopping = false
        var jobs: [String] = []
        var planning: WorkerProcess?
    }

    private let inputs: BatchInputs
    private let folder: URL
    private let settings: Settings
    private let slurm: Slurm
    private let state = Mutex(State())
    private let say: @Sendable (String) -> Void
    /// A piece that fails for reasons that may pass is submitted so often.
    private static let mostRounds = 3
    /// Slurm's usual limit is 1001 tasks in an array.
    private static let largestArray = 1000

    /// - Parameters:
    ///   - output: the folder of results, which all nodes see.
    ///   - say: hears how it goes, in lines.
    package init(
        _ inputs: BatchInputs, output: String, _ settings: Settings, say: @escaping @Sendable (String) -> Void
    ) {
        (self.inputs, self.settings, self.say) = (inputs, settings, say)
        folder = URL(fileURLWithPath: output, isDirectory: true)
            .appendingPathComponent(".sakuga-cluster/\(UUID().uuidString.prefix(8))", isDirectory: true)
        slurm = Slurm(options: settings.options, cores: settings.cores)
    }

    /// Cancels what is submitted; films that are being drawn can be gone on with. Callable on any thread.
    package func stop() {
        let (jobs, planning) = state.withLock { state in
            state.isStopping = true
            return (state.jobs, state.planning)
        }
        planning?.stop()
        if !jobs.isEmpty { slurm.cancel(jobs) }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// An item and what is known of it.
    private struct Part {
        var item: BatchItem
        /// nil: a picture, or a film that cannot be cut.
        var film: PlannedFilm?
        var result: BatchResult?

        mutating func finish(
            _ state: BatchResult.State, frames: Int? = nil, error: String? = nil, _ begun: ContinuousClock.Instant
        ) {
            result = BatchResult(
                input: item.input, output: item.output, state: state, frames: frames,
                seconds: state == .skipped ? nil : ((ContinuousClock.now - begun).seconds * 100).rounded() / 100,
                error: error)
        }
    }

    /// Draws everything, and returns what became of each item, in their order.
    ///
    /// - Throws: what `BatchInputs` says about the arguments; `.unavailable` where there is no cluster.
    package func run() throws -> [BatchResult] {
        let begun = ContinuousClock.now
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var parts = try inputs.items().map { try plan($0, begun) }
        for round in 1...Self.mostRounds where !isStopping && parts.contains(where: { $0.result == nil }) {
            if round > 1 { say("what is missing is submitted again\n") }
            let jobs = try submit(parts, round)
            try wait(for: jobs, parts)
            if isStopping { break }
            judge(&parts, jobs, isLast: round == Self.mostRounds, begun)
        }
        for index in parts.indices where parts[index].result == nil { parts[index].finish(.stopped, begun) }
        let results = parts.compactMap(\.result)
        // Logs of what went wrong are kept.
        if !results.contains(where: { $0.state == .failed }) {
            try? FileManager.default.removeItem(at: folder)
            rmdir(folder.deletingLastPathComponent().path)
        }
        return results
    }

    /// Finds out a film's segments, here, in a process of its own.
    private func plan(_ item: BatchItem, _ begun: ContinuousClock.Instant) throws -> Part {
        var part = Part(item: item.onAnyNode)
        let output = part.item.output
        if !settings.overwrites, FileManager.default.fileExists(atPath: output) {
            part.finish(.skipped, begun)
            return part
        }
        try FileManager.default.createDirectory(
            atPath: (output as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        part.item.request.inference.threads = settings.cores
        let process = WorkerProcess()
        state.withLock { state in
            state.planning = process
            if state.isStopping { process.stop() }
        }
        defer { state.withLock { $0.planning = nil } }
        switch try process.run(settings.executable, "render", RenderOrder(part.item.request, plans: true)) {
        case .done: part.film = try? PlannedFilm(PlannedFilm.folder(for: output))
        case .failed(let reason, _):
            say("\(part.item.input): failed: \(reason)\n")
            part.finish(.failed, error: reason, begun)
        case .stopped, .late: break
        }
        return part
    }

    private func submit(_ parts: [Part], _ round: Int) throws -> [String] {
        var drawing: [RenderOrder] = []
        var joining: [RenderOrder] = []
        for part in parts where part.result == nil {
            guard let film = part.film else {
                drawing.append(RenderOrder(part.item.request))
                continue
            }
            drawing += film.spans(longest: settings.segmentsPerTask).map { RenderOrder(film.request(for: $0)) }
            joining.append(RenderOrder(part.item.request))
        }
        let drawn = try submit(drawing, "draw", round, after: [])
        let joined = try submit(joining, "join", round, after: drawn)
        say("\(drawing.count) pieces of work are with the cluster: jobs \((drawn + joined).joined(separator: ", "))\n")
        return drawn + joined
    }

    private func submit(_ orders: [RenderOrder], _ name: String, _ round: Int, after: [String]) throws -> [String] {
        guard !orders.isEmpty else { return [] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let file = folder.appendingPathComponent("\(name)-\(round).jsonl")
        let lines = try orders.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        var jobs: [String] = []
        for first in stride(from: 0, to: orders.count, by: Self.largestArray) {
            let command =
                "exec \(Self.quoted(settings.executable.path)) render \(Self.quoted(file.path)) --line $((\(first) + TASK))"
            let job = try slurm.submit(
                "sakuga-\(name)", min(Self.largestArray, orders.count - first), command, logs: folder, after: after)
            jobs.append(job)
            let isStopping = state.withLock { state in
                state.jobs.append(job)
                return state.isStopping
            }
            if isStopping { slurm.cancel([job]) }
        }
        return jobs
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }

    private func wait(for jobs: [String], _ parts: [Part]) throws {
        var shown = -1
        var silent = 0
        let films = parts.filter { $0.result == nil }.compactMap(\.film)
        let all = films.reduce(0) { $0 + $1.lengths.count }
        while true {
            do {
                guard try slurm.isBusy(jobs) else { return }
                silent = 0
            } catch {
                // A controller may be restarted meanwhile.
                silent += 1
                if silent > 60 { throw error }
            }
            let drawn = films.reduce(0) { $0 + $1.drawn.count }
            if drawn != shown, all > 0 { say("\(drawn) of \(all) segments are drawn\n") }
            shown = drawn
            Thread.sleep(forTimeInterval: settings.pause)
        }
    }

    /// Looks at what the jobs have left.
    private func judge(_ parts: inout [Part], _ jobs: [String], isLast: Bool, _ begun: ContinuousClock.Instant) {
        let complaint = complaints(of: jobs)
        for index in parts.indices where parts[index].result == nil {
            let film = parts[index].film
            if FileManager.default.fileExists(atPath: parts[index].item.output), film.map({ $0.drawn.isEmpty }) ?? true
            {
                let frames = film.map { $0.lengths.reduce(0, +) } ?? 1
                parts[index].finish(.done, frames: frames, begun)
                say("\(parts[index].item.input): \(frames) frames\n")
            } else if isLast || complaint?.isFinal == true {
                let reason =
                    complaint?.message ?? jobs.compactMap(slurm.reasons).first ?? "the cluster did not finish it"
                parts[index].finish(.failed, error: reason, begun)
                say("\(parts[index].item.input): failed: \(reason)\n")
            }
        }
    }

    private struct Complaint: Decodable {
        var event: String
        var code: Int32
        var message: String
        /// Another attempt would end the same way.
        var isFinal: Bool {
            SakugaError.Code(rawValue: code).map { [.usage, .data, .noInput].contains($0) } ?? false
        }
    }

    /// The first error that stands in the logs of the jobs.
    private func complaints(of jobs: [String]) -> Complaint? {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        for name in names where name.hasSuffix(".log") && jobs.contains(String(name.prefix { $0 != "_" })) {
            let text = (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
            for line in text.split(separator: "\n") {
                if let said = try? JSONDecoder().decode(Complaint.self, from: Data(line.utf8)), said.event == "error" {
                    return said
                }
            }
        }
        return nil
    }
}

extension BatchItem {
    /// The same by absolute paths: nodes start elsewhere.
    fileprivate var onAnyNode: BatchItem {
        var request = request
        request.input = URL(fileURLWithPath: request.input).path
        request.model = request.model.map { URL(fileURLWithPath: $0).path }
        if request.preset.contains("/") { request.preset = URL(fileURLWithPath: request.preset).path }
        return BatchItem(request, output: URL(fileURLWithPath: output).path)
    }
}
