internal import Dispatch
internal import Foundation
internal import Frames
internal import Model
internal import Stylize
internal import Synchronization

/// What draws, and what may draw next: compiles, on a thread of its own, the generator of the preset and the rung that are
/// asked for, and when nothing is, those of other presets, so that a change to one takes effect with the next frame.
///
/// One scene is kept of each preset. Where it is of another rung than the one asked for, it draws until the right one is
/// compiled.
final class LiveScenes: Sendable {
    /// Presets that are compiled ahead: as many as have a key.
    private static let mostAhead = 9
    /// While the machine looks for a size that it keeps up with, it has no time for presets that nobody asked for.
    private static let calm = Duration.seconds(3)
    private static let interval = 0.5
    /// Before the run begins, presets are compiled ahead until this time is over; the cache of compiled networks makes it
    /// a matter of the first start.
    private static let headStart = Duration.seconds(1)

    /// A preset that somebody asked for.
    private struct Target: Sendable {
        /// As it was called.
        var name: String
        var choice: GeneratorChoice
        /// It is not what the run began with, whose rungs also change the size of the network.
        var isOther: Bool

        /// The same for whatever is drawn with one preset.
        var identity: String { choice.weights.path }
    }

    private struct State: Sendable {
        /// What is to be drawn, and on which rung.
        var target: Target
        var rung = 0
        /// When the rung was last changed.
        var changed = ContinuousClock.now
        var drawn: (target: Target, key: String, rung: Int)
        /// Compiled, and not drawn with now, by the targets' identities.
        var ready: [String: LiveScene] = [:]
        /// What is compiled ahead.
        var ahead: [Target] = []
        /// What could not be compiled.
        var failed: Set<String> = []
        var isStopped = false
    }

    let rungs: [QualityLadder.Rung]
    /// What the run begins with.
    let first: LiveScene
    private let request: LiveRequest
    private let width: Int
    private let height: Int
    private let presets: PresetLibrary
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchGroup()

    /// Compiles what the run begins with, and other presets.
    ///
    /// - Parameters:
    ///   - width: of the pictures on the first rung.
    init(
        _ choice: GeneratorChoice, _ request: LiveRequest, presets: PresetLibrary, width: Int, height: Int
    ) throws {
        (self.request, self.presets, self.width, self.height) = (request, presets, width, height)
        rungs = request.adaptsQuality ? choice.rungs() : [.init(size: nil, scale: 1, cost: 1)]
        let target = Target(name: choice.name, choice: choice, isOther: false)
        first = try Self.scene(target, 0, rungs, request, width, height)
        state = Mutex(State(target: target, drawn: (target, first.key, 0)))
        let begun = ContinuousClock.now
        let ahead = presets.names().prefix(Self.mostAhead).compactMap { try? self.target($0) }
        state.withLock { $0.ahead = ahead }
        while ContinuousClock.now - begun < Self.headStart, let work = work(calm: .zero) {
            make(work.target, work.rung) { _ in }
        }
    }

    // MARK: Callable on any thread

    /// The preset that was last asked for.
    var preset: String { state.withLock { $0.target.name } }

    /// Asks for another preset.
    ///
    /// - Throws: `.usage` or `.data` where there is no such preset or it is broken.
    func change(toPreset name: String) throws {
        let target = try target(name)
        state.withLock { state in
            state.target = target
            // It may have been mended.
            state.failed = []
        }
        wake.signal()
    }

    /// Whether a change to a preset takes effect with the next frame.
    func isReady(preset name: String) -> Bool {
        guard let target = try? target(name) else { return false }
        return state.withLock { $0.ready[target.identity] != nil }
    }

    /// Asks for another rung, unless one is on its way: while that is compiled frames take longer than they will.
    func change(toRung rung: Int) {
        state.withLock { state in
            guard rung != state.rung, state.rung == state.drawn.rung, !state.failed.contains(key(state.target, rung))
            else { return }
            (state.rung, state.changed) = (rung, .now)
        }
        wake.signal()
    }

    private func target(_ name: String) throws -> Target {
        if let known = state.withLock({ $0.ahead.first { $0.name == name } }) { return known }
        var drawing = request.drawing
        (drawing.preset, drawing.model) = (name, nil)
        return Target(name: name, choice: try GeneratorChoice(drawing, presets: presets), isOther: true)
    }

    // MARK: For the thread that draws

    /// The rung that is asked for.
    var rung: Int { state.withLock { $0.rung } }

    /// What to draw with from now on, where that is not `scene`; it is kept for whoever comes back to it.
    func next(after scene: LiveScene) -> (scene: LiveScene, isNewLook: Bool)? {
        state.withLock { state in
            let (target, drawn) = (state.target, state.drawn)
            let key = key(target, state.rung)
            guard key != drawn.key, let next = state.ready[target.identity],
                next.key == key || target.identity != drawn.target.identity
            else { return nil }
            state.drawn = (target, next.key, next.rung)
            state.ready[target.identity] = nil
            state.ready[drawn.target.identity] = drawn.target.identity == target.identity ? nil : scene
            let kept = Set((state.ahead + [drawn.target]).map(\.identity))
            state.ready = state.ready.filter { kept.contains($0.key) }
            let isNewLook = target.choice.weights != drawn.target.choice.weights
            return (next, isNewLook)
        }
    }

    // MARK: Compiling

    /// Begins to compile what is asked for.
    ///
    /// - Parameter warn: hears what could not be.
    func start(warn: @escaping @Sendable (String) -> Void) {
        ended.enter()
        let thread = Thread { [self] in
            while !state.withLock({ $0.isStopped }) {
                let work = work(calm: Self.calm)
                if let work { make(work.target, work.rung, warn) }
                // Frames have to come in time between those that nobody asked for, too.
                if work?.isAskedFor != true { _ = wake.wait(timeout: .now() + Self.interval) }
            }
            ended.leave()
        }
        thread.name = "sakuga.live.compile"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Ends when what is being compiled is.
    func stop() {
        state.withLock { $0.isStopped = true }
        wake.signal()
        ended.wait()
    }

    /// What to compile now.
    ///
    /// - Parameter calm: for how long the rung has to have stayed before presets are compiled ahead.
    private func work(calm: Duration) -> (target: Target, rung: Int, isAskedFor: Bool)? {
        state.withLock { state in
            func isMissing(_ target: Target) -> Bool {
                let key = key(target, state.rung)
                return key != state.drawn.key && state.ready[target.identity]?.key != key && !state.failed.contains(key)
            }
            if isMissing(state.target) { return (state.target, state.rung, true) }
            guard ContinuousClock.now - state.changed >= calm else { return nil }
            return state.ahead.first(where: isMissing).map { ($0, state.rung, false) }
        }
    }

    private func make(_ target: Target, _ rung: Int, _ warn: (String) -> Void) {
        do {
            let scene = try Self.scene(target, rung, rungs, request, width, height)
            state.withLock { if $0.rung == rung { $0.ready[target.identity] = scene } }
        } catch {
            let isWanted = state.withLock { state in
                let key = key(target, rung)
                state.failed.insert(key)
                guard self.key(state.target, state.rung) == key else { return false }
                // What is drawn goes on.
                (state.target, state.rung) = (state.drawn.target, state.drawn.rung)
                return true
            }
            // One that nobody asked for is told of when somebody does.
            if isWanted { warn("\((error as? SakugaError)?.message ?? "\(error)"): the drawing goes on as before") }
        }
    }

    private func key(_ target: Target, _ rung: Int) -> String {
        let choice = try? target.choice.sized(target.isOther ? nil : rungs[rung].size)
        return LiveScene.key(choice ?? target.choice, rung)
    }

    private static func scene(
        _ target: Target, _ rung: Int, _ rungs: [QualityLadder.Rung], _ request: LiveRequest, _ width: Int,
        _ height: Int
    ) throws -> LiveScene {
        func side(_ whole: Int) -> Int { max(16, Int(Double(whole) * rungs[rung].scale) & ~1) }
        return try LiveScene(
            target.choice.sized(target.isOther ? nil : rungs[rung].size), request.drawing, rung: rung,
            width: side(width), height: side(height))
    }
}
