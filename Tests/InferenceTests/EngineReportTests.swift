import Frames
import Testing

@testable import Inference

@Suite("Engine")
struct EngineReportTests {
    @Test("the report names OpenVINO's version, the CPU and what is chosen")
    func report() throws {
        let report = try EngineReport()
        #expect(report.version.hasPrefix("20"))
        let cpu = try #require(report.devices.first { $0.name == "CPU" })
        #expect(!cpu.fullName.isEmpty)
        #expect(cpu.precisions.contains(.f32))
        #expect(
            report.devices.contains { report.chosenDevice.hasPrefix($0.name) || $0.name.hasPrefix(report.chosenDevice) }
        )
        #expect(report.chosenPrecision != .auto)
        #expect(report.chosenStreams >= 1)
    }

    @Test("the benchmark measures drawing and matrix products side by side")
    func benchmark() throws {
        let options = InferenceOptions(device: "CPU", streams: 2)
        let generator = try Generator(preset: TestPictures.cel(), width: 128, height: 96, options: options)
        let result = try GeneratorBenchmark(
            generator, width: 128, height: 96, gigaMACs: generator.gigaMACs, options: options, seconds: 0.5)
        #expect(result.framesPerSecond > 1)
        let share = try #require(result.gigaMACsPerSecond) / result.peakGigaMACsPerSecond
        #expect(share > 0.01 && share < 3, "\(result)")
    }
}
