internal import CFlow
internal import Frames

/// Optical flow by Dense Inverse Search (Kroeger et al., ECCV 2016), with the buffers of its pyramid. Used by one thread
/// at a time. Wraps OpenCV's `DISOpticalFlow`.
final class DenseFlow {
    /// Where the search stands between speed and quality; the field names are OpenCV's.
    struct Settings: Sendable {
        /// Pyramid level where the search ends; 0 is the size of the images.
        var finestScale: Int
        var patchSize = 8
        var patchStride: Int
        var gradientDescentIterations: Int
        var variationalRefinementIterations = 0
        var usesMeanNormalization = true
        var usesSpatialPropagation = true

        /// What the smoothing follows, on pictures of half the size: few patches, but searched down to the last
        /// pixel. A finer search keeps the warped past sharper than more patches on a coarser level do.
        static let smoothing = Settings(finestScale: 0, patchStride: 6, gradientDescentIterations: 6)
        /// The other direction, which only has to confirm the first one.
        static let confirmation = Settings(finestScale: 2, patchStride: 4, gradientDescentIterations: 6)
        /// OpenCV's "medium", at full size, as the second judge of warping error.
        static let judge = Settings(
            finestScale: 1, patchStride: 3, gradientDescentIterations: 25, variationalRefinementIterations: 5)
    }

    private let estimator: OpaquePointer

    init(_ settings: Settings) throws {
        flow_use_one_thread()
        var raw = flow_dis_settings(
            finest_scale: Int32(settings.finestScale), patch_size: Int32(settings.patchSize),
            patch_stride: Int32(settings.patchStride),
            gradient_descent_iterations: Int32(settings.gradientDescentIterations),
            variational_refinement_iterations: Int32(settings.variationalRefinementIterations),
            mean_normalization: settings.usesMeanNormalization ? 1 : 0,
            spatial_propagation: settings.usesSpatialPropagation ? 1 : 0)
        var made: OpaquePointer?
        guard flow_dis_create(&raw, &made) == 0, let made else {
            throw flowError("cannot set up optical flow")
        }
        estimator = made
    }

    deinit {
        flow_dis_destroy(estimator)
    }

    /// Finds for each pixel of `origin` where it lies in `target`; both are grey, `width`×`height` bytes without gaps.
    /// Writes `width * height` pairs (dx, dy) in pixels to `flow`.
    /// - Throws: `.software` with OpenCV's own words where it refuses the pictures (a side below 12 pixels).
    func find(
        from origin: UnsafePointer<UInt8>, to target: UnsafePointer<UInt8>, width: Int, height: Int,
        into flow: UnsafeMutablePointer<Float>
    ) throws {
        guard flow_dis_compute(estimator, origin, target, Int32(width), Int32(height), width, flow) == 0 else {
            throw flowError("cannot find the motion between two pictures of \(width)x\(height)")
        }
    }
}

/// Flow by Farnebäck's polynomial expansion (SCIA 2003), from another family than the one that smooths: the judge.
/// Layout and errors as in `DenseFlow.find`.
func findFarnebackFlow(
    from origin: UnsafePointer<UInt8>, to target: UnsafePointer<UInt8>, width: Int, height: Int,
    into flow: UnsafeMutablePointer<Float>
) throws {
    guard flow_farneback_compute(origin, target, Int32(width), Int32(height), width, flow) == 0 else {
        throw flowError("cannot find the motion between two pictures of \(width)x\(height)")
    }
}

private func flowError(_ failure: String) -> SakugaError {
    SakugaError(.software, "\(failure): \(String(cString: flow_last_error())) (OpenCV)")
}
