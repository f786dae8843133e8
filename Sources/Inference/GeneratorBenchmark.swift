internal import Dispatch
internal import Foundation
package import Frames
internal import Model
internal import Synchronization

/// Measures a generator alone, beside the fastest that the same device multiplies matrices at the same precision.
package struct GeneratorBenchmark: Sendable {
    /// Pictures drawn in a second, all streams together.
    package let framesPerSecond: Double
    /// 10⁹ multiply–accumulate operations in a second; nil for a network whose work is not known.
    package let gigaMACsPerSecond: Double?
    /// The same for a chain of large matrix products, at the same precision and with the same streams and threads.
    package let peakGigaMACsPerSecond: Double

    /// Draws for about `seconds`, in rounds that take turns with matrix products, so that both meet the same machine;
    /// medians over the rounds are given.
    ///
    /// - Parameters:
    ///   - gigaMACs: Operations for one picture, in units of 10⁹.
    ///   - options: Those that the generator was made with.
    package init(
        _ generator: some FrameGenerator, width: Int, height: Int, gigaMACs: Double?, options: InferenceOptions,
        seconds: Double = 6
    ) throws {
        let rounds = 6
        let lanes = generator.concurrency
        let pool = FramePool(width: width, height: height, alignment: generator.alignment)
        let pictures = (0..<lanes).map { _ in pool.makeBuffer() }
        let drawings = (0..<lanes).map { _ in pool.makeBuffer() }
        for picture in pictures {
            for index in 0..<picture.byteCount { picture.bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        }
        let products = try MatrixProducts(options, streams: lanes)
        let length = seconds / Double(2 * rounds)
        var frames: [Double] = []
        var peaks: [Double] = []
        // The first round warms up and is left out.
        for round in 0...rounds {
            let rate = try Self.rate(lanes: lanes, seconds: length) { lane in
                try generator.draw(pictures[lane], into: drawings[lane])
            }
            let peak = try Self.rate(lanes: lanes, seconds: length) { _ in try products.run() }
            guard round > 0 else { continue }
            frames.append(rate)
            peaks.append(peak * MatrixProducts.gigaMACs)
        }
        framesPerSecond = Self.median(frames)
        gigaMACsPerSecond = gigaMACs.map { $0 * Self.median(frames) }
        peakGigaMACsPerSecond = Self.median(peaks)
    }

    /// How often a second `work` is done when `lanes` threads do it side by side.
    private static func rate(
        lanes: Int, seconds: Double, _ work: @Sendable (_ lane: Int) throws -> Void
    ) throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(seconds)
        let rates = Mutex([Double]())
        let failure = Mutex((any Error)?.none)
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
            var count = 0
            do {
                repeat {
                    try work(lane)
                    count += 1
                } while clock.now < end
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
            let rate = Double(count) / ((clock.now - start) / .seconds(1))
            rates.withLock { $0.append(rate) }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return rates.withLock { $0.reduce(0, +) }
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// A chain of products of square matrices, as a network.
private struct MatrixProducts {
    private static let side = 1024
    private static let links = 8
    /// Operations for one run, in units of 10⁹.
    static let gigaMACs = Double(side * side * side * links) * 1e-9

    private let requests: RequestPool

    init(_ options: InferenceOptions, streams: Int) throws {
        var options = options
        options.streams = streams
        options.cacheFolder = nil
        let engine = try Engine(options)
        let bytes = Self.side * Self.side * MemoryLayout<Float>.stride
        requests = try RequestPool(
            engine.network(onnx: Self.graph()), count: streams, scratch: .init(drawingSize: bytes, sumSize: bytes))
    }

    func run() throws {
        let shape = [Self.side, Self.side]
        try requests.withRequest { request, scratch in
            try request.run(.float32, scratch.sums, shape: shape, into: .float32, scratch.drawing, shape: shape)
        }
    }

    private static func graph() -> Data {
        var graph = ONNXGraph(name: "products")
        let shape: [ONNXGraph.Dimension] = [.fixed(side), .fixed(side)]
        graph.addInput("input", .float32, shape)
        graph.addOutput("output", .float32, shape)
        // A matrix of small numbers of both signs: products neither grow nor become denormal.
        let scale = 1 / Float(side).squareRoot()
        let values = (0..<side * side).map { Float(($0 &* 2_654_435_761) >> 7 & 1) * 2 * scale - scale }
        graph.addConstant("matrix", shape: [side, side], values)
        var last = "input"
        for link in 1...links {
            last = graph.add("MatMul", [last, "matrix"], to: link == links ? "output" : "product\(link)")
        }
        return graph.encoded()
    }
}
