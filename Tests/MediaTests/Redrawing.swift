import Foundation
import Frames
import Media
import Support

/// Runs an input through reader, converters and writer without drawing anything: what comes out differs only by what
/// Media did.
struct Redrawing {
    var frames = 0
    var damage: DamageReport
    var warnings: [String]
    var plan: OutputPlan
    var reader: MediaReader

    /// - Parameter each: sees every frame on its way.
    @discardableResult
    init(
        _ input: String, to output: String, input inputOptions: InputOptions = InputOptions(),
        output outputOptions: OutputOptions = OutputOptions(), size: (Int, Int)? = nil, isStream: Bool? = nil,
        each: (Frame) -> Void = { _ in }
    ) throws {
        reader = try MediaReader(input, options: inputOptions)
        plan = try OutputPlan.make(for: reader, output: output, options: outputOptions)
        var (width, height) = size ?? (reader.picture.width, reader.picture.height)
        if size == nil, plan.wantsEvenSides(outputOptions.encoder) {
            width -= width % 2
            height -= height % 2
        }
        let writer = try MediaWriter(
            url: output, name: output, isStream: isStream, plan: plan, reader: reader, output: outputOptions,
            width: width, height: height)
        let converter = PictureConverter(
            for: reader.picture, pool: FramePool(width: width, height: height, alignment: 8))
        while let picture = try reader.nextPicture() {
            let frame = try converter.frame(from: picture)
            each(frame)
            try writer.encode(try writer.converter.picture(from: frame))
            frames += 1
        }
        try writer.finish()
        damage = reader.damage
        warnings = writer.warnings
    }

    @discardableResult
    init(
        _ input: URL, to output: URL, input inputOptions: InputOptions = InputOptions(),
        output outputOptions: OutputOptions = OutputOptions(), size: (Int, Int)? = nil, each: (Frame) -> Void = { _ in }
    ) throws {
        try self.init(
            input.path, to: output.path, input: inputOptions, output: outputOptions, size: size, each: each)
    }
}

extension OutputOptions {
    /// Options for a quick encode with a named encoder.
    static func encoder(_ name: String, _ options: [String: String] = [:]) -> OutputOptions {
        var output = OutputOptions()
        output.encoder.name = name
        output.encoder.options = options
        return output
    }
}

/// The largest difference between two lists of seconds; infinite when they have different lengths.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
}
