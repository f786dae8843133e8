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
    private let viewer: (@Sendable (PixelBuffer) -> Void)?
    private let presets: PresetLibrary
    /// What the outputs show; a change takes effect with the next frame.
    private let currentLook: Mutex<LiveLook>
    private let firstScene: LiveScene
    private let shots = NewestSlot<LiveSource.Shot>()
    private let pending = Mutex(Pending())
    private let sinks = Mutex<[LiveSink]>([])
    private let failure = Mutex<(any Error)?>(nil)
    private let drawingEnded = DispatchSemaphore(value: 0)

    /// A generator for another size, on its way.
    private struct Pending: Sendable {
        var isCompiling = false
        var ready: LiveScene?
        /// What draws from now on, where it is not what the run began with.
        var otherChoice: GeneratorChoice?
        /// The rung of the last scene that was made.
        var level = 0
        /// A preset was asked for while another scene was being made.
        var hasNewChoice = false
    }

    /// Opens the source, compiles the generator and begins the outputs.
    ///
    /// - Parameter viewer: is shown every frame, beside the outputs.
    /// - Throws: `SakugaError` in the user's words; nothing is left at the destinations.
    package init(
        _ request: LiveRequest, presets: PresetLibrary = PresetLibrary(),
        viewer: (@Sendable (PixelBuffer) -> Void)? = nil
    ) throws {
        (self.request, self.viewer, self.presets) = (request, viewer, presets)
        choice = try GeneratorChoice(request.drawing, presets: presets)
        source = try LiveSource(request)
        let picture = source.first.picture
        (width, height) = (max(16, picture.width & ~1), max(16, picture.height & ~1))
        let rate = Double(picture.frameRate.numerator) / Double(max(1, picture.frameRate.denominator))
        frameRate = (1...240).contains(rate) ? rate : 30
        rungs = request.adaptsQuality ? choice.rungs() : [.init(size: nil, scale: 1, cost: 1)]
        currentLook = Mutex(LiveLook(strength: request.drawing.strength ?? choice.defaultStrength))
        firstScene = try Self.scene(0, rungs, choice, request, width, height)
        outputs = try LiveOutput.opened(request, source.first, width: width, height: height)
        notes = outputs.flatMap(\.warnings)
    }

    private static func scene(
        _ level: Int, _ rungs: [QualityLadder.Rung], _ choice: GeneratorChoice, _ request: LiveRequest, _ width: Int,
        _ height: Int, isOther: Bool = false, isNewLook: Bool = false
    ) throws -> LiveScene {
        func side(_ whole: Int) -> Int { max(16, Int(Double(whole) * rungs[level].scale) & ~1) }
        return try LiveScene(
            choice, request.drawing, rung: level, size: isOther ? nil : rungs[level].size, width: side(width),
            height: side(height), isNewLook: isNewLook)
    }

    /// What the outputs show. Callable on any thread; a change takes effect with the next frame.
    package var look: LiveLook {
        get { currentLook.withLock { $0 } }
        set { currentLook.withLock { $0 = newValue } }
    }

    /// Changes to another preset as soon as its generator is compiled; until then frames are drawn as before.
    ///
    /// - Throws: `.usage` or `.data` where there is no such preset or it is broken.
    package func change(toPreset name: String) throws {
        var drawing = request.drawing
        (drawing.preset, drawing.model) = (name, nil)
        let other = try GeneratorChoice(drawing, presets: presets)
        let level = pending.withLock { state in
            state.otherChoice = other
            state.hasNewChoice = true
            return state.level
        }
        prepare(level)
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
        let views = viewer.map { show in
            LiveSink(
                "preview", number: sinks.count, statistics: statistics, write: { show($0.pixels) }, finish: {},
                failed: { _ in })
        }
        self.sinks.withLock { $0 = sinks }
        let all = sinks + [views].compactMap(\.self)
        spawn("sakuga.live.draw") { [self] in
            do { try draw(all) } catch { fail(error) }
            views?.close()
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
            keepsColor: drawing.keepsColor)
        var ladder = QualityLadder(rungs: rungs, period: 1 / frameRate)
        while let shot = shots.take() {
            if let scene = takeReady() {
                try painter.change(to: scene)
                ladder.moved(to: scene.rung)
                if !scene.isNewLook { statistics.noteSizeChange() }
            }
            let begin = ContinuousClock.now
            var frame = try painter.draw(shot.picture, look)
            frame.timestamp = shot.timestamp
            for sink in sinks { sink.put(LiveFrame(frame: frame, captured: shot.captured)) }
            statistics.noteDrawing(generator: painter.generatorTime, width: painter.width, height: painter.height)
            if let level = ladder.observe((ContinuousClock.now - begin) / .seconds(1)) { prepare(level) }
        }
    }

    private func takeReady() -> LiveScene? {
        pending.withLock { state in
            defer { state.ready = nil }
            return state.ready
        }
    }

    /// Compiles the generator for a rung in the background, unless one is being compiled: a preset that was asked for
    /// meanwhile follows then, a rung is asked for again by itself.
    private func prepare(_ level: Int) {
        let (begins, other, isNewLook) = pending.withLock { state in
            guard !state.isCompiling, state.ready == nil || state.hasNewChoice else {
                return (false, state.otherChoice, false)
            }
            defer { (state.isCompiling, state.hasNewChoice, state.level) = (true, false, level) }
            return (true, state.otherChoice, state.hasNewChoice)
        }
        guard begins else { return }
        spawn("sakuga.live.compile") { [self] in
            let scene = try? Self.scene(
                level, rungs, other ?? choice, request, width, height, isOther: other != nil, isNewLook: isNewLook)
            let follows = pending.withLock { state in
                (state.isCompiling, state.ready) = (false, scene)
                return state.hasNewChoice
            }
            if follows { prepare(level) }
        }
    }
}
