internal import CFFmpeg
internal import Frames

/// The evenly spaced times of a constant frame rate, counted from 0.
struct FrameGrid {
    private let period: AVRational
    private let timeBase: AVRational

    /// - Parameter rate: frames per second.
    init(_ rate: TimeBase, _ timeBase: TimeBase) {
        period = AVRational(num: rate.denominator, den: rate.numerator)
        self.timeBase = AVRational(timeBase)
    }

    /// The place nearest to a time.
    func place(of ticks: Int64) -> Int64 { av_rescale_q(ticks, timeBase, period) }

    func ticks(at place: Int64) -> Int64 { av_rescale_q(place, period, timeBase) }
}
