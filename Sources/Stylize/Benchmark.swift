internal import Foundation
internal import Frames
internal import Inference
internal import Media
internal import Model
internal import Pipeline
internal import Temporal

/// Measures Sakuga on one clip: generator alone, whole runs, work outside the generator, and a peer, in turn within each
/// round, so that a machine whose speed drifts treats all alike. Medians over the rounds are reported.
package final class Benchmark: Sendable {
    package struct Result: Codable, Sendable {
        package var clip: String
        package var width: Int
        package var height: Int
        package var precision: String
        package var streams: Int
        /// Frames per second of the generator with nothing beside it.
        package var generatorRate: Double
        /// Multiply-adds of one frame, in 10⁹.
        package var generatorGMAC: Double
        /// 10⁹ multiply-adds a second of large matrix products at the same precision on the same threads.
        package var peakGMACRate: Double
        /// Frames per second of whole runs, from opening the input to the finished file.
        package var pipelineRate: Double
        package var smoothedRate: Double
        /// Seconds to the first encoded frame.
        package var firstFrame: Double
        /// Core-milliseconds a frame of everything but the generator: without and with smoothing.
        package var outsideCost: Double
        package var outsideSmoothedCost: Double
        /// Processor time over wall time and cores, while frames flow.
        package var coresBusy: Double
        /// Wall milliseconds a frame inside each stage of the smoothed run.
        package var stages: [Stage]
        /// Frames per second with the foreign model.
        package var modelRate: Double?
        package var peerRate: Double?
        /// Medians of the ratios within each round.
        package var pipelineToPeer: Double?
        package var modelToPeer: Double?

        package struct Stage: Codable, Sendable {
            package var name: String
            package var milliseconds: Double
            package var processorMilliseconds: Double
        }

        /// Share of the matrix product's speed that the generator reaches.
        package var peakShare: Double { generatorRate * generatorGMAC / peakGMACRate }
    }

    /// What one round measured.
    private struct Round {
        var plain = 0.0
        var smoothed = 0.0
        var firstFrame = 0.0
        var outside = 0.0
        var outsideSmoothed = 0.0
        var busy = 0.0
        var stages: [StageTiming] = []
        var model: Double?
        var peer: Double?
    }

    private let request: StylizeRequest
    private let model: String?
    private let peer: [String]?
    private let folder: URL

    /// - Parameters:
    ///   - request: what to draw; its output is ignored.
    ///   - model: a foreign generator to run through Sakuga as well.
    ///   - peer: a command that draws `CLIP OUTPUT`, appended to it, and prints a JSON object with `fps` at the end.
    package init(_ request: StylizeRequest, model: String?, peer: [String]?) throws {
        self.request = request
        self.model = model
        self.peer = peer
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sakuga-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { abandon() }

    /// Takes away what is drawn to measure: for a program that is about to quit. Callable on any thread.
    package func abandon() { try? FileManager.default.removeItem(at: folder) }

    /// Runs `rounds` rounds after one that only warms caches; `report` hears what is being done.
    package func run(rounds: Int, report: (String) -> Void) throws -> Result {
        let reader = try MediaReader(request.input)
        let choice = try PresetLibrary().preset(named: request.preset)
        let (width, height) = (reader.picture.width / 2 * 2, reader.picture.height / 2 * 2)
        let generator = try Generator(
            preset: choice.preset, size: choice.size.name, seed: request.seed, width: width, height: height,
            options: request.inference)
        let gigaMACs = choice.size.generator.gigaMACs(width: width, height: height)
        report("generator alone")
        let alone = try GeneratorBenchmark(
            generator, width: width, height: height, gigaMACs: gigaMACs, options: request.inference)
        var measured: [Round] = []
        for round in 0...rounds {
            report(round == 0 ? "warming up" : "round \(round) of \(rounds)")
            let result = try measure()
            if round > 0 { measured.append(result) }
        }
        func median(_ value: (Round) -> Double?) -> Double? {
            let sorted = measured.compactMap(value).sorted()
            return sorted.isEmpty ? nil : sorted[sorted.count / 2]
        }
        func required(_ value: (Round) -> Double) -> Double { median(value) ?? 0 }
        return Result(
            clip: request.input, width: width, height: height, precision: generator.precision.rawValue,
            streams: generator.concurrency, generatorRate: alone.framesPerSecond, generatorGMAC: gigaMACs,
            peakGMACRate: alone.peakGigaMACsPerSecond, pipelineRate: required(\.plain),
            smoothedRate: required(\.smoothed),
            firstFrame: required(\.firstFrame), outsideCost: required(\.outside),
            outsideSmoothedCost: required(\.outsideSmoothed), coresBusy: required(\.busy),
            stages: measured.last?.stages.map {
                .init(
                    name: $0.name, milliseconds: $0.millisecondsPerItem,
                    processorMilliseconds: $0.processorMillisecondsPerItem)
            } ?? [],
            modelRate: median(\.model), peerRate: median(\.peer),
            pipelineToPeer: median { round in round.peer.map { round.plain / $0 } },
            modelToPeer: median { round in round.peer.flatMap { peer in round.model.map { $0 / peer } } })
    }

    private func measure() throws -> Round {
        var round = Round()
        let plain = try draw(smoothing: .off)
        round.plain = plain.rate
        round.firstFrame = plain.firstFrame
        round.busy = plain.summary.timings.coresBusy / Double(ProcessInfo.processInfo.activeProcessorCount)
        let smoothed = try draw(smoothing: .strong)
        round.smoothed = smoothed.rate
        round.stages = smoothed.summary.timings.stages
        round.outside = try draw(smoothing: .off, generator: CopyingGenerator()).processorCost
        round.outsideSmoothed = try draw(smoothing: .strong, generator: CopyingGenerator()).processorCost
        if let model { round.model = try draw(smoothing: .off, model: model).rate }
        if let peer { round.peer = try peerRate(peer) }
        return round
    }

    private struct Run {
        var summary: StylizeJob.Summary
        var seconds: Double
        var firstFrame: Double
        var rate: Double { Double(summary.frames) / seconds }
        var processorCost: Double { summary.timings.processor.milliseconds / Double(summary.frames) }
    }

    private func draw(
        smoothing: SmoothingStrength, generator: (any FrameGenerator)? = nil, model: String? = nil
    ) throws -> Run {
        var request = request
        request.output = folder.appendingPathComponent("out.mp4").path
        request.overwrites = true
        request.smoothing = smoothing
        request.strength = 1
        request.model = model
        let began = ContinuousClock.now
        let job = try StylizeJob(request, generator: generator)
        let summary = try job.run(tracker: ProgressTracker(frames: nil))
        let seconds = (ContinuousClock.now - began).seconds
        return Run(summary: summary, seconds: seconds, firstFrame: (summary.firstFrame - began).seconds)
    }

    private func peerRate(_ command: [String]) throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command + [request.input, folder.appendingPathComponent("peer.mp4").path]
        let output = Foundation.Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        struct Figures: Decodable { var fps: Double }
        guard process.terminationStatus == 0, let line = text.split(separator: "\n").last,
            let figures = try? JSONDecoder().decode(Figures.self, from: Data(line.utf8))
        else {
            throw SakugaError(
                .unavailable, "the peer '\(command.joined(separator: " "))' failed or printed no fps",
                hint: "run it by hand to see why")
        }
        return figures.fps
    }
}

/// Hands pictures through undrawn, so that a run costs only what is not the generator.
private struct CopyingGenerator: FrameGenerator {
    let alignment = 8
    let concurrency = 1

    func draw(_ input: PixelBuffer, into output: PixelBuffer) throws {
        output.bytes.update(from: input.bytes, count: input.byteCount)
    }
}
