internal import Dispatch
internal import Stylize
internal import Synchronization

/// Generators of other presets, compiled ahead, so that a change to one takes effect with the next frame.
final class StandbyScenes: Sendable {
    /// Presets that are compiled ahead: those that have a key.
    static let most = 9
    /// Looks whether something is missing so often, in seconds, and compiles when the size has stayed for two looks: while
    /// the machine is looking for a size it keeps up with, it has no time for presets that nobody asked for.
    private static let interval = 0.5

    private struct State {
        var scenes: [String: LiveScene] = [:]
        var wanted: [GeneratorChoice] = []
    }

    private let state = Mutex(State())
    private let ending = DispatchSemaphore(value: 0)

    /// Gives away the scene that draws like `choice` on `rung`, where there is one.
    func take(_ choice: GeneratorChoice, rung: Int) -> LiveScene? {
        state.withLock { state in
            guard let scene = state.scenes[choice.look], scene.rung == rung else { return nil }
            state.scenes[choice.look] = nil
            return scene
        }
    }

    /// Keeps a scene that is not drawn with any more, if somebody may come back to it.
    func keep(_ scene: LiveScene) {
        state.withLock { state in
            if state.wanted.contains(where: { $0.look == scene.look }) { state.scenes[scene.look] = scene }
        }
    }

    /// What draws like the preset, where it is among those that are compiled ahead: no file is read for it again.
    func choice(ofPreset name: String) -> GeneratorChoice? {
        state.withLock { $0.wanted.first { $0.name == name } }
    }

    func has(_ choice: GeneratorChoice) -> Bool { state.withLock { $0.scenes[choice.look] != nil } }

    /// Compiles what is missing, until `stop` is called; to be run on a thread of its own.
    ///
    /// - Parameters:
    ///   - current: the look that is drawn, and the rung.
    ///   - make: compiles a generator for a rung.
    func fill(
        _ choices: [GeneratorChoice], current: () -> (look: String, rung: Int),
        make: (GeneratorChoice, Int) throws -> LiveScene
    ) {
        var choices = choices
        state.withLock { $0.wanted = choices }
        var last: Int?
        repeat {
            let (look, rung) = current()
            state.withLock { $0.scenes = $0.scenes.filter { $0.value.rung == rung } }
            defer { last = rung }
            guard rung == last, let missing = choices.first(where: { $0.look != look && !has($0) }) else { continue }
            if let scene = try? make(missing, rung) {
                keep(scene)
            } else {
                // A broken one is told of when somebody asks for it.
                choices.removeAll { $0.look == missing.look }
            }
        } while ending.wait(timeout: .now() + Self.interval) == .timedOut
    }

    func stop() { ending.signal() }
}
