internal import Foundation
internal import Frames
package import Media
package import Pipeline

/// Puts two videos of the same scene into one: side by side, or with a line that wipes from one to the other. Sound and
/// all else come from the first.
package final class ComparisonJob: Sendable {
    package enum Layout: Sendable, Equatable {
        case sideBySide
        /// Left of the line the first, right of it the second. `position` is a share of the width; nil lets the line
        /// sweep to and fro once in four seconds.
        case wipe(position: Double?)
    }

    package let outputPath: String
    package let width: Int
    package let height: Int
    package let expectedFrames: Int?
    private let layout: Layout
    private let file: OutputFile
    private let first: MediaReader
    private let second: MediaReader
    private let writer: MediaWriter
    private let chain = StageChain()
    private let course = RunCourse()

    /// Opens both inputs and begins the output. Frames get the size of the first.
    package init(
        _ firstInput: String, _ secondInput: String, output: String, layout: Layout, options: OutputOptions,
        overwrites: Bool
    ) throws {
        self.layout = layout
        outputPath = output
        first = try MediaReader(firstInput)
        second = try MediaReader(secondInput)
        let plan = try OutputPlan.make(for: first, output: output, options: options)
        file = try OutputFile(
            path: output, inputs: [firstInput, secondInput], overwrites: overwrites,
            holdsPictures: plan.container == "image2")
        let even = plan.wantsEvenSides(options.encoder)
        let side = even ? first.picture.width / 2 * 2 : first.picture.width
        width = layout == .sideBySide ? side * 2 : side
        height = even ? first.picture.height / 2 * 2 : first.picture.height
        expectedFrames = first.info.streams[first.info.drawnStream!].video?.frameCount
        do {
            writer = try MediaWriter(
                url: file.workingPath, name: output, isStream: file.isStream, plan: plan, reader: first,
                output: options, width: width, height: height)
        } catch {
            file.discard()
            throw error
        }
    }

    package var timings: StageTimings { chain.timings }

    /// Ends the run at the frame in hand. Callable on any thread.
    package func stop() {
        course.askToStop()
        chain.stop()
        first.stop()
        second.stop()
    }

    /// Takes away the unfinished output: for a program that is about to quit without ending the run. Callable on any
    /// thread.
    package func abandon() { file.discard() }

    /// Composes every frame of the first input with the frame that the second shows at that time.
    ///
    /// - Returns: the path of the result and the number of frames.
    package func run(tracker: ProgressTracker) throws -> (output: String, frames: Int) {
        let (first, second, writer, layout, course) = (first, second, writer, layout, course)
        chain.onCancel {
            first.stop()
            second.stop()
        }
        let side = layout == .sideBySide ? width / 2 : width
        let pool = FramePool(width: side, height: height)
        let composed = FramePool(width: width, height: height)
        let converter = PictureConverter(for: first.picture, pool: pool, alpha: .dropped)
        let pairing = FramePairing(second, pool: pool)
        let decoded = chain.source("decode") {
            let picture = try first.nextPicture()
            if picture == nil { course.noteEndOfInput() }
            return picture
        }
        let frames = chain.stage("compose", from: decoded) { picture in
            let frame = try converter.frame(from: picture)
            let other = try pairing.frame(at: frame.timestamp.seconds)
            var result = frame
            result.pixels = composed.makeBuffer()
            let line = layout.line(at: frame.timestamp.seconds, width: side)
            compose(frame.pixels, other, into: result.pixels, line: line)
            return result
        }
        let packed = chain.stage("pack", from: frames) { try writer.converter.picture(from: $0) }
        chain.sink("encode", from: packed) { picture in
            guard let picture else { return try writer.finish() }
            try writer.encode(picture)
            tracker.completeFrame(mediaTime: picture.timestamp.seconds)
        }
        do {
            try chain.wait()
            let frames = tracker.progress().frame
            if chain.isStopping, !course.hasReachedEnd {
                guard frames > 0 else { throw SakugaError(.interrupted, "stopped before the first frame") }
                return (try file.publishPartial(), frames)
            }
            try file.publish()
            return (outputPath, first.decodedCount)
        } catch {
            file.discard()
            throw error
        }
    }
}

extension ComparisonJob.Layout {
    /// The column at which the line stands; nil for side by side.
    fileprivate func line(at seconds: Double, width: Int) -> Int? {
        switch self {
        case .sideBySide: nil
        case .wipe(let position?): Int(position * Double(width))
        case .wipe(nil): Int((0.5 - 0.5 * cos(seconds * .pi / 2)) * Double(width))
        }
    }
}

/// Finds the frame that a video shows at a given time, going forward only. Used by one stage.
private final class FramePairing {
    private let reader: MediaReader
    private let converter: PictureConverter
    private var current: Frame?
    private var next: Frame?

    init(_ reader: MediaReader, pool: FramePool) {
        self.reader = reader
        converter = PictureConverter(for: reader.picture, pool: pool, alpha: .dropped)
    }

    func frame(at seconds: Double) throws -> PixelBuffer {
        let tolerance = 0.002
        if current == nil {
            current = try read()
            next = try read()
        }
        while let upcoming = next, upcoming.timestamp.seconds <= seconds + tolerance {
            current = upcoming
            next = try read()
        }
        // Nothing at all: the wait for the first picture was ended from outside.
        guard let current else { throw SakugaError(.interrupted, "stopped before the first frame") }
        return current.pixels
    }

    private func read() throws -> Frame? { try reader.nextPicture().map(converter.frame(from:)) }
}

/// Copies rows of both pictures into the result; with a line, each side of it comes from one of them.
private func compose(_ left: PixelBuffer, _ right: PixelBuffer, into result: PixelBuffer, line: Int?) {
    for row in 0..<result.height {
        let target = result.bytes + row * result.stride
        let a = left.bytes + row * left.stride
        let b = right.bytes + row * right.stride
        guard let line else {
            target.update(from: a, count: left.width * 3)
            (target + left.width * 3).update(from: b, count: right.width * 3)
            continue
        }
        let column = min(max(0, line), left.width)
        target.update(from: a, count: column * 3)
        (target + column * 3).update(from: b + column * 3, count: (left.width - column) * 3)
        let mark = max(0, column - 1)..<min(left.width, column + 1)
        (target + mark.lowerBound * 3).update(repeating: 255, count: mark.count * 3)
    }
}
