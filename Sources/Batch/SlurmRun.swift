package import Foundation
package import Frames
internal import Inference
package import Pipeline
internal import Stylize
internal import Synchronization
package import Work

/// Draws the items of a batch on a Slurm cluster: an array of tasks that draw films' segments and whole pictures, and one
/// after it that joins the films. What lies on the shared folder says how far it is; what is missing when the tasks have
/// ended is submitted again.
package final class SlurmRun: Sendable {
    package struct Settings: Sendable {
        package var executable: URL
        package var overwrites = false
        /// Where the films are strangers'.
        package var limits: ProcessLimits?
        /// Jobs that an earlier run in the same folder has left with the cluster are cancelled first: it is gone.
        package var takesOver = false
        /// Processor cores for each task.
        package var cores = 1
        /// Segments that a task draws one after the other, at most.
        package var segmentsPerTask = 4
        /// Further options for sbatch.
        package var options: [String] = []
        /// Seconds for which work that the cluster refuses is offered again: its controller may be away for a while.
        package var patience = 0.0
        /// Seconds between two looks at the cluster, at least.
        package var pause = 1.0

        package init(executable: URL) { self.executable = executable }
    }

    private struct State {
        var isStopping = false
        var planning: WorkerProcess?
    }

    private let items: [BatchItem]
    /// What the cluster is told, and what its tasks say.
    private let folder: URL
    /// In the names of the folder and the jobs.
    private let name: String
    private let settings: Settings
    private let slurm: Slurm
    private let state = Mutex(State())
    /// Held while something is submitted: what is about to be known to the cluster cannot be cancelled yet.
    private let submission = Mutex(())
    private let say: @Sendable (String) -> Void
    private let progress: @Sendable (RenderProgress) -> Void
    /// A piece that fails for reasons that may pass is submitted so often.
    private static let mostRounds = 3
    /// Slurm's usual limit is 1001 tasks in an array.
    private static let largestArray = 1000

    /// - Parameters:
    ///   - folder: which all nodes see; what the cluster is told lies in its `.sakuga-cluster`.
    ///   - say: hears how it goes, in lines.
    ///   - progress: hears how far the films are, whenever more is drawn.
    package init(
        _ items: [BatchItem], in folder: URL, _ settings: Settings, say: @escaping @Sendable (String) -> Void,
        progress: @escaping @Sendable (RenderProgress) -> Void = { _ in }
    ) {
        (self.items, self.settings, self.say, self.progress) = (items, settings, say, progress)
        name = String(UUID().uuidString.prefix(8))
        self.folder = folder.appendingPathComponent(".sakuga-cluster/\(name)", isDirectory: true)
        slurm = Slurm(options: settings.options, cores: settings.cores)
    }

    /// Asks the cluster whether it would take work.
    ///
    /// - Returns: its refusal; nil: it would.
    /// - Throws: `.unavailable` where there are no Slurm commands.
    package static func refusal(cores: Int, options: [String]) throws -> SakugaError? {
        try Slurm(options: options, cores: cores).refusal()
    }

    /// Cancels what is submitted; films that are being drawn can be gone on with. Callable on any thread.
    package func stop() {
        let planning = state.withLock { state in
            state.isStopping = true
            return state.planning
        }
        planning?.stop()
        submission.withLock { _ in slurm.cancel(named: Self.jobNames(name)) }
    }

    private static func jobNames(_ name: String) -> [String] { ["sakuga-draw-\(name)", "sakuga-join-\(name)"] }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// An item and what is known of it.
    private struct Part {
        var item: BatchItem
        var isPlanned = false
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

    /// A task of an array.
    private struct Piece {
        /// Which item it draws, or a part of it.
        var part: Int
        var order: RenderOrder
        /// Where it is done, so is the item.
        var isLast: Bool
        var job = ""
        var number = 0
    }

    /// Draws everything, and returns what became of each item, in their order.
    ///
    /// - Throws: `.unavailable` where there is no cluster, `.cannotCreate` where the folder cannot be written into.
    package func run() throws -> [BatchResult] {
        let begun = ContinuousClock.now
        try leaveEarlier()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SakugaError(.cannotCreate, "cannot make the folder '\(folder.path)': \(error.localizedDescription)")
        }
        var parts = items.map { Part(item: $0.onAnyNode) }
        for round in 1...Self.mostRounds where !isStopping && parts.contains(where: { $0.result == nil }) {
            if round > 1 { say("what is missing is submitted again\n") }
            for index in parts.indices where parts[index].result == nil && !parts[index].isPlanned {
                plan(&parts[index], isLast: round == Self.mostRounds, begun)
            }
            if isStopping { break }
            let pieces: [Piece]
            do {
                pieces = try submit(parts, round)
                try wait(for: Set(pieces.map(\.job)).sorted(), parts)
            } catch {
                // Half of it would draw, and never join.
                slurm.cancel(named: Self.jobNames(name))
                if isStopping { break }
                throw error
            }
            if isStopping { break }
            judge(&parts, pieces, isLast: round == Self.mostRounds, begun)
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

    /// Sees to it that no jobs of an earlier run in the same folder draw on: they and this one would get in each other's
    /// way.
    ///
    /// - Throws: `.unavailable` where there are such jobs, and they are not to be taken over or do not end.
    private func leaveEarlier() throws {
        let folders = folder.deletingLastPathComponent()
        for earlier in (try? FileManager.default.contentsOfDirectory(atPath: folders.path)) ?? [] where earlier != name
        {
            let names = Self.jobNames(earlier)
            if settings.takesOver { slurm.cancel(named: names) }
            let deadline = ContinuousClock.now + .seconds(settings.takesOver ? 60 : 0)
            while try slurm.isBusy(named: names) {
                guard ContinuousClock.now < deadline else {
                    throw SakugaError(
                        .unavailable,
                        "jobs of an earlier run still draw into '\(folders.deletingLastPathComponent().path)': "
                            + names.joined(separator: ", "),
                        hint: "wait for them, or cancel them with scancel --name=…")
                }
                Thread.sleep(forTimeInterval: settings.pause)
            }
            try? FileManager.default.removeItem(at: folders.appendingPathComponent(earlier))
        }
    }

    /// Finds out a film's segments, here, in a process of its own.
    private func plan(_ part: inout Part, isLast: Bool, _ begun: ContinuousClock.Instant) {
        let output = part.item.output
        if !settings.overwrites, FileManager.default.fileExists(atPath: output) {
            return part.finish(.skipped, begun)
        }
        part.item.request.inference.threads = settings.cores
        let process = WorkerProcess()
        state.withLock { state in
            state.planning = process
            if state.isStopping { process.stop() }
        }
        defer { state.withLock { $0.planning = nil } }
        let outcome: WorkerProcess.Outcome
        do {
            try FileManager.default.createDirectory(
                atPath: (output as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            let order = RenderOrder(part.item.request, plans: true, limits: settings.limits)
            outcome = try process.run(settings.executable, "render", order)
        } catch {
            outcome = .failed((error as? SakugaError)?.message ?? error.localizedDescription, isFinal: true)
        }
        switch outcome {
        case .done:
            part.isPlanned = true
            part.film = try? PlannedFilm(PlannedFilm.folder(for: output))
        case .failed(let reason, let isFinal):
            guard isFinal || isLast else { return }
            say("\(part.item.input): failed: \(reason)\n")
            part.finish(.failed, error: reason, begun)
        case .stopped, .late: break
        }
    }

    private func submit(_ parts: [Part], _ round: Int) throws -> [Piece] {
        var drawing: [Piece] = []
        // Films that are all drawn do not wait for what is still to be drawn of others, and may fail.
        var joining: [Piece] = []
        var drawn: [Piece] = []
        func piece(_ number: Int, _ request: StylizeRequest, isLast: Bool) -> Piece {
            Piece(part: number, order: RenderOrder(request, limits: settings.limits), isLast: isLast)
        }
        for (number, part) in parts.enumerated() where part.isPlanned && part.result == nil {
            let whole = piece(number, part.item.request, isLast: true)
            guard let film = part.film else {
                drawing.append(whole)
                continue
            }
            let spans = film.spans(longest: settings.segmentsPerTask)
            drawing += spans.map { piece(number, film.request(for: $0), isLast: false) }
            if spans.isEmpty { drawn.append(whole) } else { joining.append(whole) }
        }
        try submit(&drawn, "join", "drawn-\(round)", after: [])
        try submit(&drawing, "draw", "\(round)", after: [])
        try submit(&joining, "join", "\(round)", after: Set(drawing.map(\.job)).sorted())
        joining += drawn
        let jobs = Set((drawing + joining).map(\.job)).sorted()
        say("\(drawing.count) pieces of work are with the cluster: jobs \(jobs.joined(separator: ", "))\n")
        return drawing + joining
    }

    private func submit(_ pieces: inout [Piece], _ name: String, _ round: String, after: [String]) throws {
        guard !pieces.isEmpty else { return }
        let jobName = "sakuga-\(name)-\(self.name)"
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let file = folder.appendingPathComponent("\(name)-\(round).jsonl")
        let lines = try pieces.map { String(decoding: try encoder.encode($0.order), as: UTF8.self) }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        for first in stride(from: 0, to: pieces.count, by: Self.largestArray) {
            let command =
                "exec \(Self.quoted(settings.executable.path)) render \(Self.quoted(file.path)) --line $((\(first) + TASK))"
            let count = min(Self.largestArray, pieces.count - first)
            let job = try offering { try slurm.submit(jobName, count, command, logs: folder, after: after) }
            for number in 0..<count { (pieces[first + number].job, pieces[first + number].number) = (job, number) }
        }
    }

    private func offering(_ submit: () throws -> String) throws -> String {
        let deadline = ContinuousClock.now + .seconds(settings.patience)
        var isFirst = true
        while true {
            do {
                return try submission.withLock { _ in
                    if isStopping { throw SakugaError(.interrupted, "stopped") }
                    return try submit()
                }
            } catch let error as SakugaError where error.code == .unavailable && ContinuousClock.now < deadline {
                if isFirst { say("\(error.message); it is offered again\n") }
                isFirst = false
                Thread.sleep(forTimeInterval: settings.pause)
            }
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }

    private func wait(for jobs: [String], _ parts: [Part]) throws {
        guard !jobs.isEmpty else { return }
        let begun = ContinuousClock.now
        let films = parts.filter { $0.result == nil }.compactMap(\.film)
        let all = films.reduce(0) { $0 + $1.lengths.reduce(0, +) }
        let before = films.reduce(0) { $0 + $1.drawnPictures }
        var shown = -1
        var silent = 0
        while true {
            do {
                guard try slurm.isBusy(jobs) else { return }
                silent = 0
            } catch {
                // A controller may be restarted meanwhile.
                silent += 1
                if silent > 60 { throw error }
            }
            let drawn = films.reduce(0) { $0 + $1.drawnPictures }
            if drawn > shown, all > 0 {
                shown = drawn
                say("\(drawn) of \(all) frames are drawn\n")
                let rate = Double(drawn - before) / max(0.001, (ContinuousClock.now - begun).seconds)
                progress(
                    RenderProgress(
                        frame: drawn, frames: all, fps: rate, speed: 0,
                        eta: rate > 0 ? Double(all - drawn) / rate : nil,
                        stages: []))
            }
            // A cluster's controller has more to do than to answer: what takes long is looked at less often.
            let elapsed = (ContinuousClock.now - begun).seconds
            Thread.sleep(forTimeInterval: max(settings.pause, min(10, elapsed / 100)))
        }
    }

    /// Looks at how the pieces ended.
    private func judge(
        _ parts: inout [Part], _ pieces: [Piece], isLast: Bool, _ begun: ContinuousClock.Instant
    ) {
        var states: [String: [Int: String]] = [:]
        for index in parts.indices where parts[index].result == nil {
            let input = parts[index].item.input
            let own = pieces.filter { $0.part == index }
            if let end = own.last(where: \.isLast), let frames = events(end).last(where: { $0.event == "done" })?.frames
            {
                parts[index].finish(.done, frames: frames, begun)
                say("\(input): \(frames == 1 ? "1 frame" : "\(frames) frames")\n")
                continue
            }
            let error = own.lazy.compactMap { self.events($0).last { $0.event == "error" && !$0.isStop } }.first
            guard isLast || error?.isFinal == true else { continue }
            let reason =
                error?.message
                ?? own.lazy.compactMap { piece in
                    if states[piece.job] == nil { states[piece.job] = self.slurm.states(piece.job) }
                    let state = states[piece.job]?[piece.number]
                    return state.flatMap { ["COMPLETED", "PENDING", "RUNNING"].contains($0) ? nil : $0 }
                }.first.map { "the cluster ended a piece of it: \($0)" } ?? "the cluster did not finish it"
            parts[index].finish(.failed, error: reason, begun)
            say("\(input): failed: \(reason)\n")
        }
    }

    /// What a task has said: a line of its log.
    private struct Event: Decodable {
        var event: String
        var code: Int32?
        var message: String?
        var frames: Int?
        /// The cluster ended it, and knows why.
        var isStop: Bool { code == SakugaError.Code.interrupted.rawValue }
        /// Another attempt would end the same way.
        var isFinal: Bool {
            code.flatMap(SakugaError.Code.init(rawValue:)).map { [.usage, .data, .noInput].contains($0) } ?? false
        }
    }

    private func events(_ piece: Piece) -> [Event] {
        let log = folder.appendingPathComponent("\(piece.job)_\(piece.number).log")
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
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
