internal import Foundation
internal import Frames
internal import Media
internal import Pipeline
internal import Stylize
internal import Temporal

/// Makes a small H.264 and AAC film in MP4 of whatever a film is in, for browsers to play: in a worker process.
package struct ProxyWork {
    private let order: WorkOrder

    package init(_ order: WorkOrder) { self.order = order }

    /// - Returns: frames in the film.
    @discardableResult
    package func write() throws -> Int {
        var request = order.request
        let reader = try MediaReader(request.input, options: request.inputOptions)
        let sides = [reader.picture.width, reader.picture.height].map(Double.init)
        request.output = URL(fileURLWithPath: order.folder).appendingPathComponent("proxy.mp4").path
        // 720 lines, upright or lying.
        request.size = .scaled(min(1, 1280 / sides.max()!, 720 / sides.min()!))
        request.strength = 1
        request.keepsColor = false
        request.smoothing = .off
        request.outputOptions = OutputOptions()
        request.outputOptions.encoder.name = "libx264"
        request.outputOptions.encoder.crf = 23
        request.outputOptions.encoder.preset = "veryfast"
        request.outputOptions.encoder.pixelFormat = "yuv420p"
        request.outputOptions.audio = .aac
        request.outputOptions.maps = ["a:0?"]
        let job = try StylizeJob(request, generator: Unchanged())
        return try job.run(tracker: ProgressTracker(frames: job.expectedFrames)).frames
    }

    /// Leaves pictures as they are.
    private struct Unchanged: FrameGenerator {
        let alignment = 1
        let concurrency = 1

        func draw(_ input: PixelBuffer, into output: PixelBuffer) {
            output.bytes.update(from: input.bytes, count: input.byteCount)
        }
    }
}
