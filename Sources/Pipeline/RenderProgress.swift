/// How far a run has come. Encoded with the field names of the JSON progress lines.
package struct RenderProgress: Sendable, Equatable, Codable {
    /// Frames done.
    package var frame: Int
    /// Frames in all; nil where the input does not say.
    package var frames: Int?
    /// Frames per second of wall time, of late.
    package var fps: Double
    /// Seconds of video per second of wall time, of late.
    package var speed: Double
    /// Seconds that are left at this rate; nil where it cannot be known.
    package var eta: Double?
    /// For each stage, the milliseconds that one frame spends in it, in the order of the stages.
    package var stages: [Stage]

    package struct Stage: Sendable, Equatable {
        package var name: String
        package var milliseconds: Double

        package init(name: String, milliseconds: Double) {
            self.name = name
            self.milliseconds = milliseconds
        }
    }

    package init(frame: Int, frames: Int?, fps: Double, speed: Double, eta: Double?, stages: [Stage]) {
        self.frame = frame
        self.frames = frames
        self.fps = fps
        self.speed = speed
        self.eta = eta
        self.stages = stages
    }

    private enum CodingKeys: String, CodingKey {
        case frame, frames, fps, speed
        case eta = "eta_s"
        case stages = "stage_ms"
    }

    private struct StageKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads what `encode(to:)` wrote. Stages come in the order of their names, since JSON objects have none.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        frame = try container.decode(Int.self, forKey: .frame)
        frames = try container.decodeIfPresent(Int.self, forKey: .frames)
        fps = try container.decode(Double.self, forKey: .fps)
        speed = try container.decode(Double.self, forKey: .speed)
        eta = try container.decodeIfPresent(Double.self, forKey: .eta)
        let stageContainer = try container.nestedContainer(keyedBy: StageKey.self, forKey: .stages)
        stages = try stageContainer.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
            Stage(name: key.stringValue, milliseconds: try stageContainer.decode(Double.self, forKey: key))
        }
    }

    /// Writes every field, null where it is not known, rounded to what can be told apart.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(frame, forKey: .frame)
        try container.encode(frames, forKey: .frames)
        try container.encode(Self.rounded(fps, to: 10), forKey: .fps)
        try container.encode(Self.rounded(speed, to: 1_000), forKey: .speed)
        try container.encode(eta.map { Self.rounded($0, to: 10) }, forKey: .eta)
        var stageContainer = container.nestedContainer(keyedBy: StageKey.self, forKey: .stages)
        for stage in stages {
            let milliseconds = Self.rounded(stage.milliseconds, to: 100)
            try stageContainer.encode(milliseconds, forKey: StageKey(stringValue: stage.name))
        }
    }

    private static func rounded(_ value: Double, to parts: Double) -> Double {
        (value * parts).rounded() / parts
    }
}
