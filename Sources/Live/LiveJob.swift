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
/// Threads hand each other the newest only: the source's, one that draws, one for each output. Two more compile beside: the
/// generator for another size when the ladder asks for it, and those of other presets before anybody asks.
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

    /// Is shown every frame beside the outputs: a window, a page.
    package struct Viewer: Sendable {
        package var name: String
        package var show: @Sendable (PixelBuffer) -> Void

        package init(_ name: String, show: @escaping @Sendable (PixelBuffer) -> Void) {
            (self.name, self.show) = (name, show)
        }
    }

    private let request: LiveRequest
    private let source: LiveSource
    private let choice: GeneratorChoice
    private let rungs: [QualityLadder.Rung]
    private let outputs: LiveOutputs
    private let viewers: [Viewer]
    private let presets: PresetLibrary
    /// What the outputs show; a change takes effect with the next frame.
    private let currentLook: Mutex<LiveLook>
    private let currentPreset: Mutex<String>
    private let firstScene: LiveScene
    private let shots = NewestSlot<LiveSource.Shot>()
    private let pending = Mutex(Pending())
    private let standby = StandbyScenes()
    private let failure = Mutex<(any Error)?>(nil)
    private let recorder = Mutex<LiveOutput?>(nil)
    private let events: LiveEvents
    private let drawingEnded = DispatchSemaphore(value: 0)

    /// Another scene, on its way.
    private struct Pending: Sendable {
        var isCompiling = false
        /// What is being compiled is of a preset that nobody wants any more.
        var isOutdated = false
        var ready: (scene: LiveScene, isNewLook: Bool)?
        /// What draws from now on, where it is not what the run began with.
        var otherChoice: GeneratorChoice?
        /// The rung of the last scene that was made.
        var level = 0
        /// A preset was asked for while another scene was being made.
        var hasNewChoice = false
    }

    /// Opens the source, compiles the generator and begins the outputs.
    ///
    /// - Throws: `SakugaError` in the user's words; nothing is left at the destinations.
    package init(_ request: LiveRequest, presets: PresetLibrary = PresetLibrary(), viewers: [Viewer] = []) throws {
        (self.request, self.viewers, self.presets) = (request, viewers, presets)
        choice = try GeneratorChoice(request.drawing, presets: presets)
        let source = try LiveSource(request)
        self.source = source
        let picture = source.first.picture
        (width, height) = (max(16, picture.width & ~1), max(16, picture.height & ~1))
        let rate = Double(picture.frameRate.numerator) / Double(max(1, picture.frameRate.denominator))
        frameRate = (1...240).contains(rate) ? rate : 30
        rungs = request.adaptsQuality ? choice.rungs() : [.init(size: nil, scale: 1, cost: 1)]
        currentLook = Mutex(
            LiveLook(
                strength: request.drawing.strength ?? choice.defaultStrength,
                smoothing: request.drawing.smoothing ?? choice.defaultSmoothing))
        currentPreset = Mutex(choice.name)
        firstScene = try Self.scene(0, rungs, choice, request, width, height)
        let events = LiveEvents()
        self.events = events
        outputs = LiveOutputs(source, statistics) { [isWatched = !viewers.isEmpty] name, error, isLast in
            let reason = (error as? SakugaError)?.message ?? "\(error)"
            if isLast, !isWatched { source.stop() } else { events.send(.warning("\(reason): the rest goes on")) }
        }
        var notes: [String] = []
        do {
            for destination in request.destinations {
                let output = try Self.opened(destination, request, source, width, height)
                outputs.add(output)
                notes += output.writer.warnings
            }
        } catch {
            outputs.discardAll()
            throw error
        }
        self.notes = notes
    }

    private static func opened(
        _ destination: LiveDestination, _ request: LiveRequest, _ source: LiveSource, _ width: Int, _ height: Int
    ) throws -> LiveOutput {
        try source.opening { reader, sound, time in
            try LiveOutput(destination, request, reader, sound, width: width, height: height, start: time)
        }
    }

    private static func scene(
        _ level: Int, _ rungs: [QualityLadder.Rung], _ choice: GeneratorChoice, _ request: LiveRequest, _ width: Int,
        _ height: Int, isOther: Bool = false
    ) throws -> LiveScene {
        func side(_ whole: Int) -> Int { max(16, Int(Double(whole) * rungs[level].scale) & ~1) }
        return try LiveScene(
            choice, request.drawing, rung: level, size: isOther ? nil : rungs[level].size, width: side(width),
            height: side(height))
    }

    // MARK: While it runs; callable on any thread

    /// What the outputs show; a change takes effect with the next frame.
    package var look: LiveLook {
        get { currentLook.withLock { $0 } }
        set { currentLook.withLock { $0 = newValue } }
    }

    /// The preset that was last asked for.
    package var preset: String { currentPreset.withLock { $0 } }

    /// Changes to another preset: with the next frame where its generator is compiled already, else as soon as it is; until
    /// then frames are drawn as before.
    ///
    /// - Throws: `.usage` or `.data` where there is no such preset or it is broken.
    package func change(toPreset name: String) throws {
        let other = try choice(ofPreset: name)
        currentPreset.withLock { $0 = name }
        let missing = pending.withLock { state -> Int? in
            state.otherChoice = other
            state.hasNewChoice = true
            guard let scene = standby.take(other, rung: state.level) else { return state.level }
            (state.ready, state.hasNewChoice, state.isOutdated) = ((scene, true), false, state.isCompiling)
            return nil
        }
        if let missing { prepare(missing) }
    }

    /// Whether a change to a preset takes effect with the next frame.
    package func isReady(preset name: String) -> Bool { (try? standby.has(choice(ofPreset: name))) ?? false }

    private func choice(ofPreset name: String) throws -> GeneratorChoice {
        if let choice = standby.choice(ofPreset: name) { return choice }
        var drawing = request.drawing
        (drawing.preset, drawing.model) = (name, nil)
        return try GeneratorChoice(drawing, presets: presets)
    }

    /// The file that is being recorded beside the outputs that were asked for; nil: none.
    package var recording: String? { recorder.withLock { $0?.name } }

    /// Begins to record into a file that the outputs' options hold for, from the next frame on.
    ///
    /// - Throws: as an output does that does not open.
    package func startRecording(to path: String) throws {
        try recorder.withLock { recorder in
            guard recorder == nil else { return }
            let output = try Self.opened(LiveDestination(path), request, source, width, height)
            recorder = output
            outputs.add(output)
        }
        events.send(.note("recording to '\(path)'"))
    }

    /// Completes the recording, if there is one; it is announced when it is there.
    package func stopRecording() {
        guard let output = recorder.withLock({ $0.take() }) else { return }
        spawn("sakuga.live.finish") { [outputs, events] in
            do {
                if let file = try outputs.finish(output, event: events.send) { events.send(.note("saved '\(file)'")) }
            } catch {
                // Told when it happened.
            }
        }
    }

    /// Ends the run at the picture in hand.
    package func stop() { source.stop() }

    /// Takes away unfinished files: for a program that is about to quit without ending the run.
    package func abandon() { outputs.discardAll() }

    // MARK: The run

    /// Runs until the source ends, `stop` is called, or every output has failed and nobody watches.
    ///
    /// - Throws: the error that ended the source, the drawing, or an output.
    package func run(event: @escaping @Sendable (Event) -> Void) throws -> Summary {
        events.listen(event)
        begin()
        drawingEnded.wait()
        statistics.noteEnd()
        let (files, error) = outputs.finishAll(event: event)
        if let error = failure.withLock({ $0 }) ?? error { throw error }
        return Summary(figures: statistics.figures, files: files)
    }

    private func begin() {
        let views = viewers.enumerated().map { number, viewer in
            LiveSink(
                viewer.name, number: -1 - number, statistics: statistics, write: { viewer.show($0.pixels) },
                finish: {}, failed: { _ in })
        }
        spawn("sakuga.live.standby") { [self] in
            let others = presets.names().prefix(StandbyScenes.most).compactMap { try? choice(ofPreset: $0) }
            standby.fill(Array(others)) {
                pending.withLock { (($0.otherChoice ?? choice).look, $0.level) }
            } make: { other, level in
                try Self.scene(level, rungs, other, request, width, height, isOther: true)
            }
        }
        spawn("sakuga.live.draw") { [self] in
            do { try draw(for: views) } catch { fail(error) }
            for view in views { view.close() }
            standby.stop()
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
                    case .lost(let reason): events.send(.warning("\(reason): waiting for it to come back"))
                    case .soundLost(let reason): events.send(.warning(reason))
                    case .returned:
                        statistics.noteReconnection()
                        events.send(.note("the source is back"))
                    }
                }
            } catch {
                fail(error)
            }
            shots.close()
        }
    }

    private func fail(_ error: any Error) { failure.withLock { $0 = $0 ?? error } }

    private func spawn(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 4 << 20
        thread.qualityOfService = .userInteractive
        thread.start()
    }

    private func draw(for views: [LiveSink]) throws {
        let painter = try LivePainter(
            firstScene, source.first.picture, smoothing: look.smoothing, keepsColor: request.drawing.keepsColor)
        var ladder = QualityLadder(rungs: rungs, period: 1 / frameRate)
        while let shot = shots.take() {
            if let (scene, isNewLook) = takeReady() {
                if isNewLook { standby.keep(painter.scene) } else { statistics.noteSizeChange() }
                try painter.change(to: scene, isNewLook: isNewLook)
                ladder.moved(to: scene.rung)
            }
            let begin = ContinuousClock.now
            var frame = try painter.draw(shot.picture, look)
            frame.timestamp = shot.timestamp
            let drawn = LiveFrame(frame: frame, captured: shot.captured)
            outputs.put(drawn)
            for view in views { view.put(drawn) }
            statistics.noteDrawing(generator: painter.generatorTime, width: painter.width, height: painter.height)
            if let level = ladder.observe((ContinuousClock.now - begin) / .seconds(1)) { prepare(level) }
        }
    }

    private func takeReady() -> (scene: LiveScene, isNewLook: Bool)? {
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
                level, rungs, other ?? choice, request, width, height, isOther: other != nil)
            let follows = pending.withLock { state in
                if !state.isOutdated { state.ready = scene.map { ($0, isNewLook) } }
                (state.isCompiling, state.isOutdated) = (false, false)
                return state.hasNewChoice
            }
            if follows { prepare(level) }
        }
    }
}
