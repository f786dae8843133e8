internal import Foundation
package import Frames
internal import Inference
internal import Media
package import Model
internal import Stylize
internal import Synchronization
internal import Temporal

/// A live run: the newest picture of a source is drawn and given to every output, and what cannot be kept up with is passed
/// over, never queued.
///
/// Four kinds of threads hand each other the newest only: the source's, one that draws, one for each output, and one that
/// compiles the generator for another size when the ladder asks for it.
package final class LiveJob: Sendable {
    /// Something worth telling while the run goes on.
    package enum Event: Sendable {
        case note(String)
        case warning(String)
    }

    /// What became of a run.
    package struct Summary: Sendable {
        package var figures: LiveStatistics.Figures
        /// The files that were written.
        package var files: [String]
    }

    /// Sentences about what will be different in the outputs.
    package let notes: [String]
    package let statistics = LiveStatistics()
    /// Size of the outputs' pictures.
    package let width: Int
    package let height: Int
    /// Frames per second that the source promises.
    package let frameRate: Double

    private let request: LiveRequest
    private let source: LiveSource
    private let choice: GeneratorChoice
    private let rungs: [QualityLadder.Rung]
    private let outputs: [LiveOutput]
    private let firstScene: LiveScene
    private let shots = NewestSlot<LiveSource.Shot>()
    private let pending = Mutex<Pending>(.none)
    private let sinks = Mutex<[LiveSink]>([])
    private let failure = Mutex<(any Error)?>(nil)
    private let drawingEnded = DispatchSemaphore(value: 0)

    /// A generator for another size, on its way.
    private enum Pending: Sendable {
        case none
        case compiling
        case ready(LiveScene)
    }

    /// Opens the source, compiles the generator and begins the outputs.
    ///
    /// - Throws: `SakugaError` in the user's words; nothing is left at the destinations.
    package init(_ request: LiveRequest, presets: PresetLibrary = PresetLibrary()) throws {
        self.request = request
        choice = try GeneratorChoice(request.drawing, presets: presets)
        source = try LiveSource(request)
        let picture = source.first.picture
        (width, height) = (max(16, picture.width & ~1), max(16, picture.height & ~1))
        let rate = Double(picture.frameRate.numerator) / Double(max(1, picture.frameRate.denominator))
        frameRate = (1...240).contains(rate) ? rate : 30
        rungs = request.adaptsQuality ? choice.rungs() : [.init(size: nil, scale: 1, cost: 1)]
        firstScene = try Self.scene(0, rungs, choice, request, width, height)
        outputs = try LiveOutput.opened(request, source.first, width: width, height: height)
        notes = outputs.flatMap(\.warnings)
    }

    private static func scene(
        _ level: Int, _ rungs: [QualityLadder.Rung], _ choice: GeneratorChoice, _ request: LiveRequest, _ width: Int,
        _ height: Int
    ) throws -> LiveScene {
        func side(_ whole: Int) -> Int { max(16, Int(Double(whole) * rungs[level].scale) & ~1) }
        return try LiveScene(
            choice, request.drawing, rung: level, size: rungs[level].size, width: side(width), height: side(height))
    }

    /// Ends the run at the picture in hand. Callable on any thread.
    package func stop() { source.stop() }

    /// Takes away unfinished files: for a program that is about to quit without ending the run. Callable on any thread.
    package func abandon() { for output in outputs { output.discard() } }

    /// Runs until the source ends, `stop` is called or every output has failed.
    ///
    /// - Throws: the error that ended the source, the drawing, or the last output.
    package func run(event: @escaping @Sendable (Event) -> Void) throws -> Summary {
        begin(event)
        drawingEnded.wait()
        statistics.noteEnd()
        let failed = failure.withLock { $0 }
        let sinks = sinks.withLock { $0 }
        for sink in sinks { sink.close() }
        var files: [String] = []
        var firstError = failed
        for (sink, output) in zip(sinks, outputs) {
            // A peer that takes nothing must not keep the recording from being completed.
            if !sink.wait(seconds: 10) {
                event(.warning("'\(sink.name)' takes no more data and is given up"))
                continue
            }
            if let error = sink.error {
                output.discard()
                firstError = firstError ?? (sinks.allSatisfy(\.hasFailed) ? error : nil)
                continue
            }
            if let file = try output.publish() { files.append(file) }
        }
        if let firstError { throw firstError }
        return Summary(figures: statistics.figures, files: files)
    }

    private func begin(_ event: @escaping @Sendable (Event) -> Void) {
        let sinks = outputs.enumerated().map { number, output in
            LiveSink(
                output.name, number: number, statistics: statistics, write: output.write, finish: output.finish,
                failed: { [self] error in outputFailed(output.name, error, event) })
        }
        self.sinks.withLock { $0 = sinks }
        spawn("sakuga.live.draw") { [self] in
            do { try draw(sinks) } catch { fail(error) }
            source.stop()
            drawingEnded.signal()
        }
        spawn("sakuga.live.source") { [self] in
            do {
                try source.run { [self] shot in
                    statistics.noteCapture()
                    if shots.put(shot) { statistics.noteDrop() }
                } event: { [self] change in
                    switch change {
                    case .lost(let reason): event(.warning("\(reason): waiting for it to come back"))
                    case .returned:
                        statistics.noteReconnection()
                        event(.note("the source is back"))
                    }
                }
            } catch {
                fail(error)
            }
            shots.close()
        }
    }

    private func fail(_ error: any Error) { failure.withLock { $0 = $0 ?? error } }

    private func outputFailed(_ name: String, _ error: any Error, _ event: (Event) -> Void) {
        let reason = (error as? SakugaError)?.message ?? "\(error)"
        let isLast = sinks.withLock { $0.allSatisfy(\.hasFailed) }
        if isLast { source.stop() } else { event(.warning("\(reason): the other outputs go on")) }
    }

    private func spawn(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 4 << 20
        thread.qualityOfService = .userInteractive
        thread.start()
    }

    private func draw(_ sinks: [LiveSink]) throws {
        let drawing = request.drawing
        let painter = try LivePainter(
            firstScene, source.first.picture, smoothing: drawing.smoothing ?? choice.defaultSmoothing,
            strength: drawing.strength ?? choice.defaultStrength, keepsColor: drawing.keepsColor)
        var ladder = QualityLadder(rungs: rungs, period: 1 / frameRate)
        while let shot = shots.take() {
            if let scene = takeReady() {
                try painter.change(to: scene)
                ladder.moved(to: scene.rung)
                statistics.noteSizeChange()
            }
            let begin = ContinuousClock.now
            var frame = try painter.draw(shot.picture)
            frame.timestamp = shot.timestamp
            for sink in sinks { sink.put(LiveFrame(frame: frame, captured: shot.captured)) }
            statistics.noteDrawing(generator: painter.generatorTime, width: painter.width, height: painter.height)
            if let level = ladder.observe((ContinuousClock.now - begin) / .seconds(1)) { prepare(level) }
        }
    }

    private func takeReady() -> LiveScene? {
        pending.withLock { state in
            guard case .ready(let scene) = state else { return nil }
            state = .none
            return scene
        }
    }

    /// Compiles the generator for another rung, unless one is being compiled.
    private func prepare(_ level: Int) {
        let begins = pending.withLock { state in
            guard case .none = state else { return false }
            state = .compiling
            return true
        }
        guard begins else { return }
        spawn("sakuga.live.compile") { [self] in
            let scene = try? Self.scene(level, rungs, choice, request, width, height)
            pending.withLock { $0 = scene.map(Pending.ready) ?? .none }
        }
    }
}
