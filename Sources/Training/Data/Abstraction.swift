internal import CFlow
internal import Frames

/// How a photograph is made simpler before a generator learns to draw: flat regions and ink lines. Wraps `flow_abstract`,
/// which names the papers. Colours count 0…255, luminance 0…100, lengths in pixels.
package struct Abstraction: Codable, Sendable, Equatable {
    /// Rounds, colour and space deviation of the bilateral filter.
    package var smoothingRounds = 2
    package var smoothingColor: Float = 26
    package var smoothingSpace: Float = 4
    /// Radii of mean shift in space and colour; none where the first is 0.
    package var regionSpace: Float = 7
    package var regionColor: Float = 16
    /// Radius of Kuwahara's filter, 0 for none: strokes of a brush.
    package var brush = 0
    /// Levels that luminance is drawn towards, 0 for none, and how firmly.
    package var levels = 0
    package var levelSharpness: Float = 3
    /// Deviation of the finer Gaussian: how thick lines are.
    package var lineScale: Float = 0.8
    /// Below 0; nearer to it there are more lines.
    package var lineThreshold: Float = -0.5
    package var lineSharpness: Float = 1
    /// Pieces of line with fewer pixels are left out.
    package var lineLeastArea = 24

    package init() {}

    /// Makes the flat regions, RGB, and the lines, 255 where there is full ink, of a picture without gaps between rows.
    /// - Throws: `.software` in OpenCV's words.
    func applied(to rgb: [UInt8], width: Int, height: Int) throws -> (flat: [UInt8], lines: [UInt8]) {
        flow_use_one_thread()
        var settings = flow_abstraction(
            smoothing_rounds: Int32(smoothingRounds), smoothing_color: smoothingColor, smoothing_space: smoothingSpace,
            region_space: regionSpace, region_color: regionColor, brush: Int32(brush),
            levels: Int32(levels), level_sharpness: levelSharpness, line_scale: lineScale,
            line_threshold: lineThreshold,
            line_sharpness: lineSharpness, line_least_area: Int32(lineLeastArea))
        var flat = [UInt8](repeating: 0, count: rgb.count)
        var lines = [UInt8](repeating: 0, count: width * height)
        guard flow_abstract(rgb, Int32(width), Int32(height), width * 3, &settings, &flat, &lines) == 0 else {
            throw SakugaError(
                .software,
                "cannot simplify a picture of \(width)x\(height): \(String(cString: flow_last_error())) (OpenCV)")
        }
        return (flat, lines)
    }
}
