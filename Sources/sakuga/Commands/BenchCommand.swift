import ArgumentParser
import Foundation
import Frames
import Inference
import Live
import Media
import Model
import Stylize

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures how fast this machine draws.",
        discussion: """
            Everything is measured in turn within each round, and medians over the rounds are shown, since a machine's \
            speed drifts. Rates of whole runs count from opening the input to the finished file.

            EXAMPLES
              sakuga bench samples/clip.mp4
              sakuga bench clip.mp4 --model AnimeGANv3.onnx --peer "python3 peer.py AnimeGANv3.onnx"
              sakuga bench samples/clip.mp4 --live --seconds 300 --size 1280x720

            With --live, numbered pictures of the first clip are sent into a live run at a camera's pace and read back \
            from its output: the delay runs from sending one to having decoded its drawing.
            """)

    @Argument(help: "The clips to draw.")
    var clips: [String]

    @Option(name: .shortAndLong, help: "The preset to draw with.")
    var preset = PresetLibrary.standard

    @Option(help: "How many rounds to measure, after one that warms up.")
    var rounds = 3

    @Option(help: "A foreign generator to run through Sakuga as well.")
    var model: String?

    @Option(
        help: "A command to compare with: it is given CLIP and OUTPUT and prints a JSON object with fps at the end.")
    var peer: String?

    @Flag(help: "Measure a live run instead.")
    var live = false

    @Option(parsing: .unconditional, help: "How long a live run is measured.")
    var seconds = 60.0

    @Option(parsing: .unconditional, help: "The size of the live source's pictures.")
    var size = PixelSize(width: 640, height: 360)

    @Option(parsing: .unconditional, help: "The live source's frames per second.")
    var framerate = 30.0

    @OptionGroup(title: "Machine") var machine: MachineOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if !(1...100).contains(rounds) { throw ValidationError("--rounds must be between 1 and 100.") }
        if !(5...8000).contains(seconds) { throw ValidationError("--seconds must be between 5 and 8000.") }
        if !(1...120).contains(framerate) { throw ValidationError("--framerate must be between 1 and 120.") }
        if live, !(320...4096).contains(size.width) || !(180...4096).contains(size.height) {
            throw ValidationError("--size must be at least 320x180, for the pictures to carry their number.")
        }
        if live, model != nil || peer != nil { throw ValidationError("--live knows neither --model nor --peer.") }
    }

    func run() throws {
        if live { return try runLive() }
        var results: [Benchmark.Result] = []
        for clip in clips {
            var request = StylizeRequest(input: clip, output: nil, preset: preset)
            request.inference = try machine.inferenceOptions()
            request.outputOptions.encoder.preset = "veryfast"
            let benchmark = try Benchmark(
                request, model: model, peer: peer?.split(separator: " ").map(String.init))
            // Half a measurement is no result: the first signal quits.
            let interrupt = Interrupt {
                benchmark.abandon()
                _exit(130)
            }
            defer { withExtendedLifetime(interrupt) {} }
            results.append(
                try benchmark.run(rounds: rounds) { TerminalScreen.standardError.write("\(clip): \($0)\n") })
        }
        if json {
            print(try JSONResult.text(results))
        } else {
            BenchText.lines(results).forEach { print($0) }
        }
    }
}

extension BenchCommand {
    private func runLive() throws {
        var request = LiveRequest(input: "", preset: preset)
        request.drawing.inference = try machine.inferenceOptions()
        request.drawing.inference.streams = machine.streams ?? 1
        let benchmark = LiveBenchmark(
            clip: clips[0], width: size.width, height: size.height, rate: framerate, seconds: seconds, request: request)
        let result = try benchmark.run()
        if json { return print(try JSONResult.text(result)) }
        func line(_ name: String, _ text: String) {
            print(name + String(repeating: " ", count: max(1, 34 - name.count)) + text)
        }
        func number(_ value: Double) -> String { String(format: "%.1f", value) }
        line("live", "\(size) at \(framerate) frames/s for \(number(result.seconds)) s")
        line("delivered", "\(number(result.framesPerSecond)) frames/s")
        line("delay", "\(number(result.delayMedian)) ms, p95 \(number(result.delayP95)) ms")
        line(
            "  first and last quarter",
            "\(number(result.firstQuarterMedian)) ms, \(number(result.lastQuarterMedian)) ms")
        line("memory, first quarter and end", "\(number(result.firstMemory)) MB, \(number(result.lastMemory)) MB")
        line("generator", "\(number(result.figures.generatorMilliseconds ?? 0)) ms")
        line(
            "size of drawing at the end",
            "\(result.figures.width)x\(result.figures.height), changed \(result.figures.sizeChanges) times")
    }
}

/// The table of `sakuga bench`: a line for each figure, a column for each clip.
private enum BenchText {
    static func lines(_ results: [Benchmark.Result]) -> [String] {
        var lines: [String] = []
        func row(_ name: String, _ value: (Benchmark.Result) -> String?) {
            let values = results.map { value($0) ?? "–" }
            guard values.contains(where: { $0 != "–" }) else { return }
            lines.append(pad(name, 46) + values.map { pad($0, 22) }.joined())
        }
        func number(_ format: String, _ value: Double) -> String { String(format: format, value) }
        row("clip") { URL(fileURLWithPath: $0.clip).lastPathComponent }
        row("size") { "\($0.width)×\($0.height)" }
        row("precision, streams") { "\($0.precision), \($0.streams)" }
        row("generator alone") { number("%.1f frames/s", $0.generatorRate) }
        row("  multiply-adds") { number("%.0f GMAC/s", $0.generatorRate * $0.generatorGMAC) }
        row("  share of the matrix product's speed") {
            number("%.0f %%", $0.peakShare * 100) + number(" of %.0f GMAC/s", $0.peakGMACRate)
        }
        row("whole run, smoothing off") { number("%.1f frames/s", $0.pipelineRate) }
        row("whole run, smoothing strong") { number("%.1f frames/s", $0.smoothedRate) }
        row("cores busy, smoothing off") { number("%.0f %%", $0.coresBusy * 100) }
        row("first encoded frame after") { number("%.2f s", $0.firstFrame) }
        row("all but the generator, smoothing off") { number("%.1f core-ms/frame", $0.outsideCost) }
        row("all but the generator, smoothing strong") { number("%.1f core-ms/frame", $0.outsideSmoothedCost) }
        row("  of which smoothing") { number("%.1f core-ms/frame", $0.outsideSmoothedCost - $0.outsideCost) }
        for index in results.first?.stages.indices ?? 0..<0 {
            row("stage \(results[0].stages[index].name), smoothing strong") {
                number("%.2f ms", $0.stages[index].milliseconds)
                    + number(" (%.2f cpu)", $0.stages[index].processorMilliseconds)
            }
        }
        row("the foreign model through Sakuga") { $0.modelRate.map { number("%.1f frames/s", $0) } }
        row("the peer") { $0.peerRate.map { number("%.1f frames/s", $0) } }
        row("Sakuga's preset to the peer") { $0.pipelineToPeer.map { number("%.2f ×", $0) } }
        row("Sakuga with the peer's model to the peer") { $0.modelToPeer.map { number("%.2f ×", $0) } }
        return lines
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
