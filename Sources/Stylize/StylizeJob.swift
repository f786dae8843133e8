internal import Foundation
package import Frames
internal import Inference
internal import Media
package import Model
package import Pipeline
internal import Synchronization
internal import Temporal

/// One run from an input to an output: opens everything that can fail first, then draws.
package final class StylizeJob: Sendable {
    /// What a run has done.
    package struct Summary: Sendable {
        /// The file that holds the result; nil where the run was stopped before the first frame.
        package var output: String?
        /// Frames encoded.
        package var frames: Int
        /// Seconds of video drawn.
        package var mediaSeconds: Double
        package var timings: StageTimings
        /// When the first picture went to the encoder.
        package var firstFrame: ContinuousClock.Instant
        /// Sentences about damage in the input.
        package var warnings: [String]
        /// The run was stopped before the input ended; `output` is the partial file.
        package var wasStopped: Bool
        /// What another run can go on with; nil: nothing.
        package var remainder: Remainder?

        package enum Remainder: Sendable {
            /// The run was stopped, and is gone on with by the same request.
            case stopped
            /// There are pictures missing before some that are drawn.
            case gaps
        }
    }

    /// Sentences about what will be different in the output, known before the first picture is drawn.
    package let notes: [String]
    /// Frames to come where that is known: those that an earlier run has drawn are not among them.
    package let expectedFrames: Int?
    package let width: Int
    package let height: Int
    package let outputPath: String
    /// Frames that an earlier run has drawn.
    package let drawnBefore: Int

    private let file: OutputFile
    private let setup: StylizeSetup
    private let reader: MediaReader
    private let target: Target
    private let generator: any FrameGenerator
    private let chain = StageChain()
    /// Frames between two stages: enough to ride out a slow one, few enough to stay small in memory.
    private static let queueDepth = 1
    private let course = RunCourse()

    /// Where drawn frames go.
    private enum Target {
        /// Straight into the film.
        case film(MediaWriter)
        /// Into segments, to be joined.
        case segments(SegmentedRender)

        var converter: FrameConverter {
            switch self {
            case .film(let writer): writer.converter
            case .segments(let render): render.encoder.converter
            }
        }

        var keepsAlpha: Bool {
            switch self {
            case .film(let writer): writer.keepsAlpha
            case .segments(let render): render.encoder.keepsAlpha
            }
        }

        /// Encodes a picture; false where it only swung the smoothing in.
        func encode(_ picture: Picture, _ start: SegmentStart?) throws -> Bool {
            switch self {
            case .film(let writer):
                try writer.encode(picture, beginsSegment: start != nil)
                return true
            case .segments(let render): return try render.recorder.encode(picture, start: start)
            }
        }

        /// Completes what was encoded. `isWhole`: the input has ended, it was not stopped.
        func finish(isWhole: Bool) throws {
            switch self {
            case .film(let writer): try writer.finish()
            case .segments(let render): try render.finish(isWhole: isWhole)
            }
        }
    }

    /// Opens the input, compiles the generator and begins the output.
    ///
    /// - Parameters:
    ///   - generator: draws instead of the preset's, for tests.
    ///   - willBegin: called before anything is made or written; what it throws ends the job.
    /// - Throws: `SakugaError` in the user's words; nothing is left at the destination.
    package init(
        _ request: StylizeRequest, presets: PresetLibrary = PresetLibrary(),
        generator fixed: (any FrameGenerator)? = nil,
        willBegin: () throws -> Void = {}
    ) throws {
        let setup = try StylizeSetup(request, presets: presets)
        self.setup = setup
        (width, height, outputPath) = (setup.width, setup.height, setup.outputPath)
        try willBegin()
        file = try setup.outputFile()
        do {
            let render = try request.resumes && setup.isFilmFile && !file.isStream ? SegmentedRender(setup) : nil
            generator = try fixed ?? setup.choice.makeGenerator(request, width: width, height: height)
            if let render {
                (target, reader, drawnBefore) = (.segments(render), render.reader, render.drawnBefore)
            } else {
                let writer = try MediaWriter(
                    url: file.workingPath, name: outputPath, isStream: file.isStream, plan: setup.output,
                    reader: setup.reader, output: request.outputOptions, width: width, height: height)
                (target, reader, drawnBefore) = (.film(writer), setup.reader, 0)
            }
        } catch {
            file.discard()
            throw error
        }
        let drawnBefore = drawnBefore
        expectedFrames = setup.expectedFrames.map { max(0, $0 - drawnBefore) }
        notes =
            Self.notes(setup.reader) + setup.output.warnings(setup.reader.info)
            + (request.resumes && !setup.isFilmFile && !setup.reader.info.isStill
                ? ["'\(request.input)' cannot be resumed: only films in files can"] : [])
    }

    /// Where the time has gone so far. Callable on any thread.
    package var timings: StageTimings { chain.timings }

    /// Ends the run at the picture in hand; `run` then completes a playable partial file. Callable on any thread.
    package func stop() {
        // First the wish, then what wakes the reader: an end that follows from it must not look like the input's own.
        course.askToStop()
        chain.stop()
        reader.stop()
    }

    /// Takes away the unfinished output: for a program that is about to quit without ending the run. Callable on any
    /// thread.
    package func abandon() { file.discard() }

    /// Draws every picture and completes the output.
    ///
    /// - Parameter tracker: counts frames as they are encoded.
    /// - Throws: the first failure of any stage; nothing is left at the destination then.
    package func run(tracker: ProgressTracker) throws -> Summary {
        // A failure elsewhere must also end a read that waits for input.
        chain.onCancel { [reader] in reader.stop() }
        do {
            var timings = chain.timings
            if case .segments(let render) = target, render.gap == nil {
                course.noteEndOfInput()
            } else {
                try addStages(tracker)
                timings = try chain.wait()
            }
            return try complete(timings, frames: tracker.progress().frame)
        } catch {
            file.discard()
            throw error
        }
    }

    /// A frame between the stages: the input's picture, and what is known of it so far.
    private struct Sketch: Sendable {
        /// The input, in RGB at the size of the drawing.
        var frame: Frame
        var place: SegmentCutter.Place
        var motion: Motion?
        var drawing: PixelBuffer?
    }

    /// A frame that is ready to be encoded.
    private struct Packed: Sendable {
        var picture: Picture
        var start: SegmentStart?
    }

    private func addStages(_ tracker: ProgressTracker) throws {
        let (reader, target, generator, course) = (reader, target, generator, course)
        let needsOriginal = setup.strength < 1 || setup.request.keepsColor
        let inputs = FramePool(width: width, height: height, alignment: generator.alignment)
        let outputs = FramePool(width: width, height: height, alignment: generator.alignment)
        let converter = PictureConverter(
            for: reader.picture, pool: inputs, alpha: target.keepsAlpha ? .keptOverFilledColors : .dropped)
        var first: Picture?
        var gap: RenderFolder.Contents.Gap?
        if case .segments(let render) = target { (first, gap) = (render.firstPicture, render.gap) }
        let end = gap?.end?.first ?? .max
        let decoded = chain.source("decode", capacity: Self.queueDepth) { () -> Picture? in
            let picture = try first ?? reader.nextPicture()
            first = nil
            guard let picture, picture.number < end else {
                course.noteEndOfInput()
                return nil
            }
            return picture
        }
        let cutter = SegmentCutter(gap?.start)
        let frames = chain.stage("convert", from: decoded, capacity: Self.queueDepth) { picture -> Sketch in
            let frame = try converter.frame(from: picture)
            return Sketch(frame: frame, place: cutter.place(of: frame))
        }
        let drawn = chain.parallelStage(
            "generate", from: try followMotion(frames), workers: generator.concurrency, capacity: Self.queueDepth
        ) {
            var sketch = $0
            let drawing = outputs.makeBuffer()
            try generator.draw(sketch.frame.pixels, into: drawing)
            sketch.drawing = drawing
            // The original is let go as early as possible: a queue full of large pictures is most of the memory.
            if !needsOriginal { sketch.frame.pixels = drawing }
            return sketch
        }
        let finished = chain.stage("pack", from: smooth(drawn), capacity: Self.queueDepth) {
            Packed(picture: try target.converter.picture(from: $0.frame), start: $0.place.start)
        }
        var isFirst = true
        chain.sink("encode", from: finished) { (packed: Packed?) in
            guard let packed else { return try target.finish(isWhole: course.hasReachedEnd) }
            let picture = packed.picture
            if isFirst { course.firstFrame.withLock { $0 = .now } }
            isFirst = false
            guard try target.encode(picture, packed.start) else { return }
            tracker.completeFrame(mediaTime: picture.timestamp.seconds)
        }
    }

    /// Finds the motion of the input pictures, where smoothing needs it.
    private func followMotion(_ frames: BoundedChannel<Sketch>) throws -> BoundedChannel<Sketch> {
        guard setup.smoothing != .off else { return frames }
        let estimator = try MotionEstimator(width: width, height: height)
        return chain.stage("motion", from: frames, capacity: Self.queueDepth) {
            var sketch = $0
            sketch.motion = try estimator.motion(to: sketch.frame.pixels)
            return sketch
        }
    }

    /// Smooths the drawings over time and mixes them with their originals.
    private func smooth(_ drawn: BoundedChannel<Sketch>) -> BoundedChannel<Sketch> {
        let filter = SegmentSmoothing(width: width, height: height, strength: setup.smoothing)
        let blend = PixelBlend(width: width, height: height)
        let (strength, keepsColor) = (setup.strength, setup.request.keepsColor)
        return chain.stage("smooth", from: drawn, capacity: Self.queueDepth) { sketch in
            var drawing = sketch.drawing!
            if let motion = sketch.motion {
                drawing = try filter.smoothed(drawing, motion: motion, place: sketch.place)
            }
            var finished = sketch
            finished.frame.pixels = blend.finished(
                original: sketch.frame.pixels, drawn: drawing, strength: strength, keepColor: keepsColor)
            (finished.drawing, finished.motion) = (nil, nil)
            return finished
        }
    }

    private func complete(_ timings: StageTimings, frames: Int) throws -> Summary {
        let wasStopped = chain.isStopping && !course.hasReachedEnd
        var summary = Summary(
            output: outputPath, frames: frames + drawnBefore, mediaSeconds: reader.endTime, timings: timings,
            firstFrame: course.firstFrame.withLock { $0 }, warnings: [], wasStopped: wasStopped)
        switch target {
        case .film(let writer):
            summary.warnings = damageWarnings(writer.lostPackets)
            if !wasStopped {
                try file.publish()
            } else if frames > 0 {
                summary.output = try file.publishPartial()
            } else {
                file.discard()
                summary.output = nil
            }
        case .segments(let render):
            if wasStopped || setup.request.segments != nil || !render.isComplete {
                file.discard()
                summary.output = nil
                summary.remainder = wasStopped ? .stopped : setup.request.segments == nil ? .gaps : nil
                summary.warnings = damageWarnings(0)
            } else {
                summary.warnings = damageWarnings(try render.join(into: file))
                try file.publish()
                render.removeFolder()
            }
        }
        return summary
    }

    // MARK: Decisions

    private static func notes(_ reader: MediaReader) -> [String] {
        var notes: [String] = []
        if reader.picture.isToneMapped { notes.append("the video is HDR: it is tone-mapped to BT.709") }
        if reader.picture.isDeinterlaced { notes.append("the video is interlaced: it is made progressive") }
        if let numbers = reader.numbers, let first = numbers.first, let last = numbers.last {
            let missing = last - first + 1 - numbers.count
            let pictures = missing == 1 ? "1 picture is" : "\(missing) pictures are"
            if missing > 0 {
                notes.append("the sequence has gaps: \(pictures) missing between the numbers \(first) and \(last)")
            }
        }
        return notes
    }

    private func damageWarnings(_ lostPackets: Int) -> [String] {
        var warnings: [String] = []
        let damage = reader.damage
        if !damage.isClean {
            let frames = reader.decodedCount == 1 ? "1 frame" : "\(reader.decodedCount) frames"
            warnings.append(
                "the input is damaged from \(String(format: "%.2f", damage.firstTime)) s on (\(damage.firstReason)"
                    + (damage.count > 1 ? ", and \(damage.count - 1) more" : "") + "): \(frames) could be drawn")
        }
        if lostPackets > 0 {
            warnings.append("the sound or subtitles are damaged: \(lostPackets) of their packets are left out")
        }
        return warnings
    }
}
