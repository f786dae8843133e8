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
        /// Another run goes on from what is drawn.
        package var canResume = false
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
    private let reader: MediaReader
    private let target: Target
    private let generator: any FrameGenerator
    private let strength: Double
    private let keepsColor: Bool
    private let smoothing: SmoothingStrength
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
        func encode(_ picture: Picture, _ begin: SegmentRule.Begin?) throws -> Bool {
            switch self {
            case .film(let writer):
                try writer.encode(picture, beginsSegment: begin != nil)
                return true
            case .segments(let render): return try render.recorder.encode(picture, begin: begin)
            }
        }

        /// Completes what was encoded. `isWhole`: the input has ended, it was not stopped.
        func finish(_ reader: MediaReader, isWhole: Bool) throws {
            switch self {
            case .film(let writer): try writer.finish()
            case .segments(let render):
                // The last segment of a run that was stopped is not whole, and is drawn anew.
                if isWhole { try render.recorder.finish(trimmed: reader.endedByTrim) }
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
        let choice = try GeneratorChoice(request, presets: presets)
        strength = request.strength ?? choice.defaultStrength
        keepsColor = request.keepsColor
        smoothing = request.smoothing ?? (request.isTileable ? .off : choice.defaultSmoothing)
        let reader = try MediaReader(request.input, options: request.inputOptions)
        let name = try OutputName(request, isStill: reader.info.isStill, preset: choice.name)
        outputPath = name.path
        let plan = try OutputPlan.make(for: reader, output: outputPath, options: request.outputOptions)
        (width, height) = try Self.size(request, reader.picture, plan)
        try willBegin()
        file = try OutputFile(
            path: outputPath, inputs: [request.input], overwrites: request.overwrites, makesFolder: name.makesFolder,
            holdsPictures: plan.container == "image2")
        do {
            let drawing = SegmentedRender.Drawing(
                request: request, choice: choice, strength: strength, smoothing: smoothing, width: width, height: height)
            let render = try request.resumes ? SegmentedRender(drawing, reader, plan, file) : nil
            generator = try fixed ?? choice.makeGenerator(request, width: width, height: height)
            if let render {
                (target, self.reader, drawnBefore) = (.segments(render), render.reader, render.drawnBefore)
            } else {
                let writer = try MediaWriter(
                    url: file.workingPath, name: outputPath, isStream: file.isStream, plan: plan, reader: reader,
                    output: request.outputOptions, width: width, height: height)
                (target, self.reader, drawnBefore) = (.film(writer), reader, 0)
            }
        } catch {
            file.discard()
            throw error
        }
        expectedFrames = Self.expectedFrames(reader.info, request.inputOptions).map {
            [drawnBefore] in max(0, $0 - drawnBefore)
        }
        notes = Self.notes(reader) + plan.warnings(reader.info)
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
            if case .segments(let render) = target, render.isDrawn {
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
        var place: SegmentRule.Place
        var motion: Motion?
        var drawing: PixelBuffer?
    }

    /// A frame that is ready to be encoded.
    private struct Packed: Sendable {
        var picture: Picture
        var begin: SegmentRule.Begin?
    }

    private func addStages(_ tracker: ProgressTracker) throws {
        let (reader, target, generator, course) = (reader, target, generator, course)
        let needsOriginal = strength < 1 || keepsColor
        let inputs = FramePool(width: width, height: height, alignment: generator.alignment)
        let outputs = FramePool(width: width, height: height, alignment: generator.alignment)
        let converter = PictureConverter(
            for: reader.picture, pool: inputs, alpha: target.keepsAlpha ? .keptOverFilledColors : .dropped)
        var first: Picture?
        var rule = SegmentRule()
        if case .segments(let render) = target {
            first = render.firstPicture
            rule = render.rule
        }
        let decoded = chain.source("decode", capacity: Self.queueDepth) {
            let picture = try first ?? reader.nextPicture()
            first = nil
            if picture == nil { course.noteEndOfInput() }
            return picture
        }
        var samples = LumaSamples()
        let frames = chain.stage("convert", from: decoded, capacity: Self.queueDepth) {
            let frame = try converter.frame(from: $0)
            let place = rule.place(frame.number, difference: samples.difference(to: frame.pixels))
            return Sketch(frame: frame, place: place)
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
            Packed(picture: try target.converter.picture(from: $0.frame), begin: $0.place.begin)
        }
        var isFirst = true
        chain.sink("encode", from: finished) { packed in
            guard let packed else { return try target.finish(reader, isWhole: course.hasReachedEnd) }
            let picture = packed.picture
            if isFirst { course.firstFrame.withLock { $0 = .now } }
            isFirst = false
            guard try target.encode(picture, packed.begin) else { return }
            tracker.completeFrame(mediaTime: picture.timestamp.seconds)
        }
    }

    /// Finds the motion of the input pictures, where smoothing needs it.
    private func followMotion(_ frames: BoundedChannel<Sketch>) throws -> BoundedChannel<Sketch> {
        guard smoothing != .off else { return frames }
        let estimator = try MotionEstimator(width: width, height: height)
        return chain.stage("motion", from: frames, capacity: Self.queueDepth) {
            var sketch = $0
            sketch.motion = try estimator.motion(to: sketch.frame.pixels)
            return sketch
        }
    }

    /// Smooths the drawings over time and mixes them with their originals.
    private func smooth(_ drawn: BoundedChannel<Sketch>) -> BoundedChannel<Sketch> {
        let filter = SegmentSmoothing(width: width, height: height, strength: smoothing)
        let blend = PixelBlend(width: width, height: height)
        let (strength, keepsColor) = (strength, keepsColor)
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
        var output: String? = outputPath
        var lostPackets = 0
        var isResumable = false
        if case .segments(let render) = target {
            isResumable = true
            if wasStopped { file.discard() } else { lostPackets = try render.join() }
        } else if case .film(let writer) = target {
            lostPackets = writer.lostPackets
        }
        if !wasStopped {
            try file.publish()
            if case .segments(let render) = target { render.removeFolder() }
        } else if isResumable {
            output = nil
        } else if frames > 0 {
            output = try file.publishPartial()
        } else {
            file.discard()
            output = nil
        }
        return Summary(
            output: output, frames: frames + drawnBefore, mediaSeconds: reader.endTime, timings: timings,
            firstFrame: course.firstFrame.withLock { $0 }, warnings: damageWarnings(lostPackets), wasStopped: wasStopped,
            canResume: isResumable)
    }

    // MARK: Decisions

    private static func size(
        _ request: StylizeRequest, _ picture: PictureDescription, _ plan: OutputPlan
    ) throws(SakugaError) -> (Int, Int) {
        var (width, height) = (picture.width, picture.height)
        switch request.size {
        case .input: break
        case .exactly(let wanted, let other): (width, height) = (wanted, other)
        case .scaled(let factor):
            width = Int((Double(width) * factor).rounded())
            height = Int((Double(height) * factor).rounded())
        }
        if request.size != .exactly(width: width, height: height) {
            if plan.wantsEvenSides(request.outputOptions.encoder) {
                width -= width % 2
                height -= height % 2
            }
            (width, height) = (max(width, 2), max(height, 2))
        }
        let sides = Generator.sides
        guard sides.contains(width), sides.contains(height) else {
            let isSmall = min(width, height) < sides.lowerBound
            throw SakugaError(
                .usage,
                "cannot draw pictures of \(width)×\(height) pixels, sides must be \(sides.lowerBound) to "
                    + "\(sides.upperBound)", hint: "draw them \(isSmall ? "larger" : "smaller") with --size or --scale")
        }
        return (width, height)
    }

    private static func expectedFrames(_ info: MediaInfo, _ options: InputOptions) -> Int? {
        guard let index = info.drawnStream, let video = info.streams[index].video else { return nil }
        if info.isStill { return 1 }
        var count = video.frameCount.map(Double.init)
        if count == nil || options.start != nil || options.end != nil {
            guard let duration = info.streams[index].duration ?? info.duration, video.frameRate > 0 else {
                return options.frameLimit
            }
            let range = min(options.end ?? duration, duration) - (options.start ?? 0)
            count = (range * video.frameRate).rounded(.up)
        }
        // A damaged header may claim anything.
        guard let count, count >= 0, count < 1e12 else { return options.frameLimit }
        return min(Int(count), options.frameLimit ?? Int.max)
    }

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
