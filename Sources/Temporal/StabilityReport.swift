/// What `StabilityMeter` found. All errors are means over pairs of frames, cuts left out; nil where there was no such pair.
package struct StabilityReport: Codable, Sendable, Equatable {
    /// Frames compared.
    package var frames: Int
    /// Pairs that start a new shot and count nowhere in the warping errors.
    package var cuts: Int
    /// Warping error of the stylized video by Farnebäck flow, on 0…1 squared.
    package var warpingError: Double?
    /// The same by DIS flow, the family that smooths; flatters it.
    package var warpingErrorDIS: Double?
    /// Warping error (Farnebäck) in calm pixels: where the input itself changes by less than 0.001 in squared RGB
    /// difference on 0…1, ‖I_t − W(I_{t−1})‖², along the same flow as the error. This leaves out what stands still but to
    /// which the judge's flow spills over from a moving neighbour.
    package var calmWarpingError: Double?
    /// Share of visible pixels that are calm, 0…1.
    package var calmShare: Double?
    /// Warping errors of the unsmoothed drawing, where one was given.
    package var unsmoothedWarpingError: Double?
    package var unsmoothedWarpingErrorDIS: Double?
    package var unsmoothedCalmWarpingError: Double?
    /// Warping error (Farnebäck) in unmoved pixels: where the input changes by less than 0.001 at the same place,
    /// ‖I_t − I_{t−1}‖², whatever the judge's flow says. Beside what moves, that flow spills over onto still ground and is
    /// then most of this figure.
    package var unmovedWarpingError: Double?
    /// The drawing's own squared change at the same place, ‖O_t − O_{t−1}‖² per channel, in unmoved pixels: no flow judges.
    package var unmovedChange: Double?
    package var unsmoothedUnmovedWarpingError: Double?
    package var unsmoothedUnmovedChange: Double?
    /// Mean gradient magnitude of the stylized luma, in levels per pixel.
    package var sharpness: Double
    /// `sharpness` over that of the unsmoothed drawing.
    package var sharpnessRatio: Double?
    /// Peak signal-to-noise ratio to the unsmoothed drawing in dB, over the whole clip; nil also where they are equal.
    package var psnr: Double?
}
