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
    /// Larger drawings are not compiled ahead: their networks take too much memory.
    private static let mostPixelsAhead = 1920 * 1080
    /// For how long what could not be compiled is not tried again.
    private static let pause = Duration.seconds(30)

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
        /// What the run begins with, until it has begun.
        var first: LiveScene?
        /// Compiled, and not drawn with now, by the targets' identities.
        var ready: [String: LiveScene] = [:]
        /// What is compiled ahead.
        var ahead: [Target] = []
        /// What could not be compiled, and when.
        var failed: [String: ContinuousClock.Instant] = [:]
        var isCompiling = false
        /// What is not needed any more: freeing a network takes time, which the thread that draws does not have.
        var discarded: [LiveScene] = []
        var isStopped = false

        func hasFailed(_ key: String) -> Bool { failed[key].map { .now - $0 < LiveScenes.pause } ?? false }
    }

    let rungs: [QualityLadder.Rung]
    private let initial: Target
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
    ///   - headStart: no compiling ahead begins here after this time; with the cache of compiled networks all is done.
    init(
        _ choice: GeneratorChoice, _ request: LiveRequest, presets: PresetLibrary, width: Int, height: Int,
        headStart: Duration = .seconds(1)
    ) throws {
        (self.request, self.presets, self.width, self.height) = (request, presets, width, height)
        rungs = request.adaptsQuality ? choice.rungs() : [.init(size: nil, scale: 1, cost: 1)]
        let target = Target(name: choice.name, choice: choice, isOther: false)
        initial = target
        let first = try Self.scene(target, 0, rungs, request, width, height)
        state = Mutex(State(target: target, drawn: (target, first.key, 0), first: first))
        let begun = ContinuousClock.now
        let ahead = presets.names().prefix(Self.mostAhead).compactMap { try? self.target($0) }
        state.withLock { $0.ahead = ahead }
        while ContinuousClock.now - begun < headStart, let work = work(calm: .zero) {
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
            state.failed = [:]
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
            guard rung != state.rung, state.rung == state.drawn.rung, !state.hasFailed(key(state.target, rung))
            else { return }
            (state.rung, state.changed) = (rung, .now)
        }
        wake.signal()
    }

    private func target(_ name: String) throws -> Target {
        if let known = state.withLock({ $0.ahead.first { $0.name == name } }) { return known }
        var drawing = request.drawing
        (drawing.preset, drawing.model) = (name, nil)
        let choice = try GeneratorChoice(drawing, presets: presets)
        let isOther = choice.weights != initial.choice.weights
        return Target(name: name, choice: choice, isOther: isOther)
    }

    // MARK: For the thread that draws

    /// What the run begins with; to be taken once.
    func first() -> LiveScene {
        guard let first = state.withLock({ $0.first.take() }) else { preconditionFailure("it was taken before") }
        return first
    }

    /// Whether the time that a frame takes with `scene` is what it will take: nothing is compiled beside, and no other rung is
    /// on its way.
    func isSteady(_ scene: LiveScene) -> Bool { state.withLock { !$0.isCompiling && $0.rung == scene.rung } }

    /// What to draw with from now on, where that is not `scene`; it is kept for whoever comes back to it.
    func next(after scene: LiveScene) -> (scene: LiveScene, isNewLook: Bool)? {
        state.withLock { state in
            let drawn = state.drawn
            guard let (target, next) = following(drawn, in: state) else { return nil }
            state.drawn = (target, next.key, next.rung)
            state.ready[target.identity] = nil
            let kept = Set((state.ahead + [drawn.target]).map(\.identity))
            if target.identity == drawn.target.identity {
                state.discarded.append(scene)
            } else {
                state.ready[drawn.target.identity] = scene
            }
            for (identity, scene) in state.ready where !kept.contains(identity) {
                state.ready[identity] = nil
                state.discarded.append(scene)
            }
            return (next, target.choice.weights != drawn.target.choice.weights)
        }
    }

    private func following(
        _ drawn: (target: Target, key: String, rung: Int), in state: State
    ) -> (Target, LiveScene)? {
        let target = state.target
        // Another preset draws on the rung that there is, before the right one is compiled; and while it is not there at all
        // the one in hand still changes its rung.
        if let next = state.ready[target.identity],
            target.identity != drawn.target.identity || next.key != drawn.key && next.key == key(target, state.rung)
        {
            return (target, next)
        }
        guard target.identity != drawn.target.identity, let next = state.ready[drawn.target.identity],
            next.key != drawn.key, next.key == key(drawn.target, state.rung)
        else { return nil }
        return (drawn.target, next)
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
                // Freed here, not under the lock.
                _ = state.withLock { state in
                    defer { state.discarded = [] }
                    return state.discarded
                }
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
                return key != state.drawn.key && state.ready[target.identity]?.key != key && !state.hasFailed(key)
            }
            if isMissing(state.target) { return (state.target, state.rung, true) }
            let pixels = Double(width * height) * rungs[state.rung].scale * rungs[state.rung].scale
            guard ContinuousClock.now - state.changed >= calm, pixels <= Double(Self.mostPixelsAhead) else {
                return nil
            }
            return state.ahead.first(where: isMissing).map { ($0, state.rung, false) }
        }
    }

    private func make(_ target: Target, _ rung: Int, _ warn: (String) -> Void) {
        state.withLock { $0.isCompiling = true }
        defer { state.withLock { $0.isCompiling = false } }
        do {
            let scene = try Self.scene(target, rung, rungs, request, width, height)
            state.withLock { state in
                let old = state.ready[target.identity]
                guard state.rung == rung || old == nil else { return }
                state.ready[target.identity] = scene
                if let old { state.discarded.append(old) }
            }
        } catch {
            let isWanted = state.withLock { state in
                let key = key(target, rung)
                state.failed[key] = .now
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
        // The rungs of a larger network are none of a preset that draws with its usual one.
        let isLarger = target.isOther && rungs[rung].size == nil && rungs.contains { $0.size != nil }
        let scale = isLarger ? 1 : rungs[rung].scale
        func side(_ whole: Int) -> Int { max(16, Int(Double(whole) * scale) & ~1) }
        return try LiveScene(
            target.choice.sized(target.isOther ? nil : rungs[rung].size), request.drawing, rung: rung,
            width: side(width), height: side(height))
    }
}
