internal import Foundation
internal import Model

/// A small, smooth, made-up motion of a whole picture, as a hand-held camera and a breathing scene make: shift, turn,
/// zoom and three waves. The same seed gives the same motion.
package struct SmoothMotion: Sendable {
    private struct Wave {
        let across: Double
        let down: Double
        let phase: Double
        let x: Double
        let y: Double
    }

    private let shift: (x: Double, y: Double)
    private let turn: Double
    private let zoom: Double
    private let waves: [Wave]

    /// Ranges: shift ±4 pixels in either direction, turn ±1.5°, zoom ±2 %, three waves of 120…400 pixels' length and up to
    /// 0.7 pixels' height in either direction.
    package init(seed: UInt64) {
        var numbers = SplitMix64(state: seed)
        shift = (numbers.uniform(in: -4...4), numbers.uniform(in: -4...4))
        turn = numbers.uniform(in: -1.5...1.5) * .pi / 180
        zoom = 1 + numbers.uniform(in: -0.02...0.02)
        waves = (0..<3).map { _ in
            let direction = numbers.uniform(in: 0...2 * .pi)
            let frequency = 2 * Double.pi / numbers.uniform(in: 120...400)
            return Wave(
                across: cos(direction) * frequency, down: sin(direction) * frequency,
                phase: numbers.uniform(in: 0...2 * .pi), x: numbers.uniform(in: -0.7...0.7),
                y: numbers.uniform(in: -0.7...0.7))
        }
    }

    /// Shifts by whole or broken pixels alone.
    package init(shiftX: Double, shiftY: Double) {
        shift = (shiftX, shiftY)
        (turn, zoom, waves) = (0, 1, [])
    }

    /// For every pixel of a `width`×`height` picture where it comes from, relative to its own place: pairs (dx, dy).
    func field(width: Int, height: Int) -> [Float] {
        var field: [Float] = []
        field.reserveCapacity(width * height * 2)
        let (centreX, centreY) = (Double(width - 1) / 2, Double(height - 1) / 2)
        let (c, s) = (cos(turn) * zoom, sin(turn) * zoom)
        for row in 0..<height {
            for column in 0..<width {
                let (x, y) = (Double(column) - centreX, Double(row) - centreY)
                var dx = c * x - s * y - x + shift.x
                var dy = s * x + c * y - y + shift.y
                for wave in waves {
                    let height = sin(wave.across * x + wave.down * y + wave.phase)
                    dx += wave.x * height
                    dy += wave.y * height
                }
                field.append(Float(dx))
                field.append(Float(dy))
            }
        }
        return field
    }
}
