package import Frames
internal import CPixels

/// Finds how each input picture moved since the one before it, at reduced size, and which pixels have a visible past.
///
/// Runs beside the generator: it needs the input pictures only. Used by one thread at a time, in presentation order.
///
/// The trust in a pixel's past is v·m: v = exp(−α‖I_t − W(I_{t−1})‖²) on 0…1 RGB with α = 50, the soft visibility of
/// Lai et al. (ECCV 2018), and m the forward–backward check of Sundaram et al. (ECCV 2010).
package final class MotionEstimator {
    private let width: Int
    private let height: Int
    private let pool: MotionPool
    private let flow: DenseFlow
    private let confirmation: DenseFlow
    private let forward: UnsafeMutablePointer<Float>
    private let scratch: UnsafeMutablePointer<Float>
    private var current: ReducedPicture
    private var previous: ReducedPicture
    private var hasPrevious = false
    private var cuts = SceneCutDetector()
    /// Where the time goes, added up over all pictures; nil when nobody asks.
    var cost: SmoothingCost?

    private let settings: Settings

    /// What decides between speed, steadiness and the risk of ghosts. The values were chosen by warping error (judged by
    /// Farnebäck flow), sharpness and PSNR to the unsmoothed drawing on a hand-held, a close-up and a street clip.
    struct Settings: Sendable {
        var flow = DenseFlow.Settings.smoothing
        var confirmation = DenseFlow.Settings.confirmation
        /// Sides of the pictures are divided by this for motion estimation: 2, 4 or 8.
        var factor = 2
        /// α of the soft visibility.
        var visibilityDecay: Float = 50
        /// Slack of the forward–backward check in squared pixels of the reduced size. Wider than the 0.5 of the paper,
        /// because the confirming flow is coarse.
        var consistencyTolerance: Float = 3
    }

    /// Makes an estimator for pictures of `width`×`height` pixels.
    /// - Throws: `.software` where OpenCV cannot be set up.
    package convenience init(width: Int, height: Int) throws {
        var settings = Settings()
        let largestAtHalfSize = 1280 * 720
        if width * height > largestAtHalfSize { settings.factor = 4 }
        try self.init(width: width, height: height, settings: settings)
    }

    init(width: Int, height: Int, settings: Settings) throws {
        precondition(width > 0 && height > 0)
        self.width = width
        self.height = height
        let factor = settings.factor
        // Smaller pictures than this are continued beyond their edges: DIS needs a few patches in each direction.
        let leastSide = 32
        let reducedWidth = max((width + factor - 1) / factor, leastSide)
        let reducedHeight = max((height + factor - 1) / factor, leastSide)
        pool = MotionPool(width: reducedWidth, height: reducedHeight, factor: factor)
        flow = try DenseFlow(settings.flow)
        confirmation = try DenseFlow(settings.confirmation)
        self.settings = settings
        current = ReducedPicture(width: reducedWidth, height: reducedHeight, factor: factor, sourceWidth: width)
        previous = ReducedPicture(width: reducedWidth, height: reducedHeight, factor: factor, sourceWidth: width)
        let overreach = 16
        forward = .allocate(capacity: reducedWidth * reducedHeight * 2 + overreach)
        scratch = .allocate(capacity: pixels_visibility_scratch_count(Int32(reducedWidth), Int32(reducedHeight)))
    }

    deinit {
        forward.deallocate()
        scratch.deallocate()
    }

    /// Returns the motion from the picture given in the call before to this one. The first picture is a cut.
    /// - Throws: `.software` where OpenCV fails.
    package func motion(to pixels: PixelBuffer) throws -> Motion {
        precondition(pixels.width == width && pixels.height == height)
        swap(&current, &previous)
        timed(\.reduce) { current.read(pixels) }
        let storage = pool.makeStorage()
        var evidence: SceneEvidence?
        if hasPrevious {
            let visibleShare = try estimate(into: storage)
            evidence = SceneEvidence(difference: current.difference(to: previous), visibleShare: visibleShare)
        }
        hasPrevious = true
        let isCut = evidence.map { cuts.isCut($0) } ?? true
        return Motion(isCut: isCut, evidence: evidence, storage: storage, pool: pool)
    }

    /// Fills in flow and weights; returns the mean weight over the picture.
    private func estimate(into storage: MotionPool.Storage) throws -> Double {
        let (columns, rows) = (current.width, current.height)
        try timed(\.flow) {
            try flow.find(from: current.luma, to: previous.luma, width: columns, height: rows, into: storage.flow)
        }
        try timed(\.confirmation) {
            try confirmation.find(from: previous.luma, to: current.luma, width: columns, height: rows, into: forward)
        }
        let factor = current.factor
        return timed(\.visibility) {
            pixels_visibility(
                storage.flow, forward, current.rgbx, previous.rgbx, Int32(columns), Int32(rows),
                Int32((width + factor - 1) / factor), Int32((height + factor - 1) / factor),
                settings.visibilityDecay, settings.consistencyTolerance, storage.weight, scratch)
        }
    }

    private func timed<Result>(
        _ part: WritableKeyPath<SmoothingCost, Double>, _ body: () throws -> Result
    ) rethrows -> Result {
        guard cost != nil else { return try body() }
        let start = SmoothingCost.threadMilliseconds()
        defer { cost?[keyPath: part] += SmoothingCost.threadMilliseconds() - start }
        return try body()
    }
}
