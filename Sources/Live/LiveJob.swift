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
/// Threads hand each other the newest only: the source's, one that draws, one for each output. One more compiles beside:
/// the generator for another size when the ladder asks for it, and those of other presets before anybody asks.
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
    private let scenes: LiveScenes
    private let outputs: LiveOutputs
    private let viewers: [Viewer]
    /// What the outputs show; a change takes effect with the next frame.
    private let currentLook: Mutex<LiveLook>
    private let shots = NewestSlot<LiveSource.Shot>()
    private let failure = Mutex<(any Error)?>(nil)
    private let recorder = Mutex<LiveOutput?>(nil)
    private let events: LiveEvents
    private let drawingEnded = DispatchSemaphore(value: 0)

    /// Opens the source, compiles the generator and begins the outputs.
    ///
    /// - Throws: `SakugaError` in the user's words; nothing is left at the destinations.
    package init(_ request: LiveRequest, presets: PresetLibrary = PresetLibrary(), viewers: [Viewer] = []) throws {
        (self.request, self.viewers) = (request, viewers)
        let choice = try GeneratorChoice(request.drawing, presets: presets)
        let source = try LiveSource(request)
        self.source = source
        let picture = source.first.picture
        (width, height) = (max(16, picture.width & ~1), max(16, picture.height & ~1))
        let rate = Double(picture.frameRate.numerator) / Double(max(1, picture.frameRate.denominator))
        frameRate = (1...240).contains(rate) ? rate : 30
        currentLook = Mutex(
            LiveLook(
                strength: request.drawing.strength ?? choice.defaultStrength,
                smoothing: request.drawing.smoothing ?? choice.defaultSmoothing))
        scenes = try LiveScenes(choice, request, presets: presets, width: width, height: height)
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

    // MARK: While it runs; callable on any thread

    /// What the outputs show; a change takes effect with the next frame.
    package var look: LiveLook {
        get { currentLook.withLock { $0 } }
        set { currentLook.withLock { $0 = newValue } }
    }

    /// The preset that was last asked for.
    package var preset: String { scenes.preset }

    /// Changes to another preset: with the next frame where its generator is compiled already, else as soon as it is; until
    /// then frames are drawn as before.
    ///
    /// - Throws: `.usage` or `.data` where there is no such preset or it is broken.
    package func change(toPreset name: String) throws { try scenes.change(toPreset: name) }

    /// Whether a change to a preset takes effect with the next frame.
    package func isReady(preset name: String) -> Bool { scenes.isReady(preset: name) }

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
        // What is compiled now is waited for last: it may take a second.
        scenes.stop()
        if let error = failure.withLock({ $0 }) ?? error { throw error }
        return Summary(figures: statistics.figures, files: files)
    }

    private func begin() {
        let views = viewers.enumerated().map { number, viewer in
            LiveSink(
                viewer.name, number: -1 - number, statistics: statistics, write: { viewer.show($0.pixels) },
                finish: {}, failed: { _ in })
        }
        scenes.start { [events] in events.send(.warning($0)) }
        spawn("sakuga.live.draw") { [self] in
            do { try draw(for: views) } catch { fail(error) }
            for view in views { view.close() }
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
            scenes.first(), source.first.picture, smoothing: look.smoothing, keepsColor: request.drawing.keepsColor)
        var ladder = QualityLadder(rungs: scenes.rungs, period: 1 / frameRate)
        while let shot = shots.take() {
            if let (scene, isNewLook) = scenes.next(after: painter.scene) {
                if !isNewLook { statistics.noteSizeChange() }
                try painter.change(to: scene, isNewLook: isNewLook)
                // Another network takes another time.
                if scene.rung == ladder.level { ladder.moved(to: scene.rung) }
            }
            let begin = ContinuousClock.now
            var frame = try painter.draw(shot.picture, look)
            frame.timestamp = shot.timestamp
            let drawn = LiveFrame(frame: frame, captured: shot.captured)
            outputs.put(drawn)
            for view in views { view.put(drawn) }
            statistics.noteDrawing(generator: painter.generatorTime, width: painter.width, height: painter.height)
            guard scenes.isSteady(painter.scene) else { continue }
            if ladder.level != painter.rung { ladder.moved(to: painter.rung) }
            if let level = ladder.observe((ContinuousClock.now - begin) / .seconds(1)) { scenes.change(toRung: level) }
        }
    }
}
