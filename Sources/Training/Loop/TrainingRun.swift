package import Foundation
package import Frames
internal import Model

/// A training with what is kept of it in a folder: checkpoints, contact sheets, a record of the losses and their plot.
package final class TrainingRun {
    /// How far the training has come, after a step.
    package struct Progress {
        package var step: Int
        package var steps: Int
        /// Means over the last few steps.
        package var losses: Trainer.Losses
        /// Crops drawn in a second.
        package var imagesPerSecond: Double
        package var secondsLeft: Double
    }

    private let folder: URL?
    private let trainer: Trainer
    private let sheet: ContactSheet
    private let writePicture: (PixelBuffer, URL) throws -> Void
    private var record = LossRecord()
    private let intervals: (checkpoint: Int, sheet: Int)

    package static let checkpointName = "checkpoint.safetensors"
    private static let recordName = "losses.jsonl"

    /// - Parameters:
    ///   - folder: nil where another process keeps what is kept.
    ///   - intervals: steps between checkpoints, and between sheets.
    ///   - writePicture: writes a PNG file.
    package init(
        _ trainer: Trainer, in folder: URL?, sheet: ContactSheet, intervals: (checkpoint: Int, sheet: Int),
        writePicture: @escaping (PixelBuffer, URL) throws -> Void
    ) throws {
        (self.trainer, self.folder, self.sheet) = (trainer, folder, sheet)
        (self.intervals, self.writePicture) = (intervals, writePicture)
        guard let folder else { return }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SakugaError(.cannotCreate, "cannot make folder '\(folder.path)': \(error.localizedDescription)")
        }
        if trainer.step > 0 {
            record = LossRecord(contentsOf: folder.appendingPathComponent(Self.recordName), upTo: trainer.step)
        }
    }

    /// Trains to the end, or until `isStopped`; either way the last state is saved.
    package func run(isStopped: () -> Bool, progress: (Progress) -> Void) throws {
        let clock = ContinuousClock()
        var last = clock.now
        var secondsPerStep = 0.0
        while !trainer.isFinished, !isStopped() {
            let batch = trainer.batch
            record.add(try trainer.advance(), step: trainer.step)
            let now = clock.now
            let seconds = last.duration(to: now) / .seconds(1)
            last = now
            secondsPerStep = secondsPerStep == 0 ? seconds : secondsPerStep * 0.95 + seconds * 0.05
            progress(
                Progress(
                    step: trainer.step, steps: trainer.plan.steps, losses: record.recent,
                    imagesPerSecond: Double(batch) / secondsPerStep,
                    secondsLeft: secondsPerStep * Double(trainer.plan.steps - trainer.step)))
            if trainer.step % intervals.checkpoint == 0 { try save() }
            if trainer.step % intervals.sheet == 0 { try drawSheet() }
        }
        try save()
        try drawSheet()
    }

    private func save() throws {
        guard let folder else { return }
        try trainer.checkpoint().write(to: folder.appendingPathComponent(Self.checkpointName))
        try record.write(to: folder.appendingPathComponent(Self.recordName))
    }

    private func drawSheet() throws {
        guard let folder else { return }
        let name =
            "sheet-" + String(repeating: "0", count: max(0, 6 - String(trainer.step).count)) + "\(trainer.step).png"
        try writePicture(sheet.drawn(by: trainer), folder.appendingPathComponent(name))
        if let plot = record.plot() { try writePicture(plot, folder.appendingPathComponent("losses.png")) }
    }
}

/// The losses of a training, step by step.
struct LossRecord {
    private struct Line: Codable {
        let step: Int
        let losses: Trainer.Losses
    }

    private var lines: [Line] = []

    init() {}

    /// Reads what an earlier run wrote, up to the step that its checkpoint holds. An unreadable record counts as none: it
    /// is only looked at.
    init(contentsOf url: URL, upTo step: Int) {
        guard let data = try? Data(contentsOf: url) else { return }
        lines = data.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONDecoder().decode(Line.self, from: $0) }
            .filter { $0.step <= step }
    }

    mutating func add(_ losses: Trainer.Losses, step: Int) { lines.append(Line(step: step, losses: losses)) }

    /// Means over the last 20 steps.
    var recent: Trainer.Losses {
        var sums: [String: (Double, Int)] = [:]
        for line in lines.suffix(20) {
            for (name, value) in line.losses { sums[name] = ((sums[name]?.0 ?? 0) + value, (sums[name]?.1 ?? 0) + 1) }
        }
        let newest = lines.last?.losses.keys.map { $0 } ?? []
        return sums.filter { newest.contains($0.key) }.mapValues { $0.0 / Double($0.1) }
    }

    func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var data = Data()
        for line in lines {
            data += try encoder.encode(line)
            data.append(UInt8(ascii: "\n"))
        }
        do {
            try data.write(to: url, options: .atomic)
        } catch {
            throw SakugaError(.cannotCreate, "cannot write '\(url.path)': \(error.localizedDescription)")
        }
    }

    /// Every loss as a curve in a strip of its own, names in alphabetical order from top to bottom, each scaled to its own
    /// range; nil while there is too little to draw.
    func plot() -> PixelBuffer? {
        let names = Set(lines.flatMap { $0.losses.keys }).sorted()
        guard lines.count > 1, !names.isEmpty else { return nil }
        let (width, strip) = (640, 60)
        let buffer = FramePool(width: width, height: strip * names.count).makeBuffer()
        for index in 0..<buffer.byteCount { buffer.bytes[index] = 250 }
        for (row, name) in names.enumerated() {
            let columns = (0..<width).map { x -> Double? in
                let first = x * lines.count / width
                let last = max(first + 1, (x + 1) * lines.count / width)
                let values = lines[first..<min(last, lines.count)].compactMap { $0.losses[name] }
                return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
            }
            let known = columns.compactMap { $0 }
            guard let low = known.min(), let high = known.max() else { continue }
            let hue = (UInt8(40 + row * 53 % 160), UInt8(60 + row * 97 % 120), UInt8(90 + row * 31 % 140))
            var before: Int?
            for (x, value) in columns.enumerated() {
                guard let value else { continue }
                let share = high > low ? (value - low) / (high - low) : 0
                let y = row * strip + strip - 4 - Int(share * Double(strip - 8))
                for inked in min(y, before ?? y)...max(y, before ?? y) {
                    let at = inked * buffer.stride + x * 3
                    (buffer.bytes[at], buffer.bytes[at + 1], buffer.bytes[at + 2]) = hue
                }
                before = y
            }
            for x in 0..<width {
                let at = (row * strip + strip - 1) * buffer.stride + x * 3
                (buffer.bytes[at], buffer.bytes[at + 1], buffer.bytes[at + 2]) = (200, 200, 200)
            }
        }
        return buffer
    }
}
