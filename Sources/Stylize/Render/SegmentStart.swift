/// Where a segment begins, and from where on it is drawn.
struct SegmentStart: Codable, Sendable, Equatable {
    /// The segment's first picture, counted over all that are drawn.
    var first: Int
    var begin: SegmentRule.Begin
    /// The picture that drawing begins with: the same, or some before it where the smoothing swings in.
    var from: Int
    /// When that one is shown, in ticks of the output.
    var ticks: Int64
    /// What that one looks like: a hash of its brightness, to know it again.
    var look: String

    /// That picture is this segment's, and not one before it.
    func holds(_ number: Int) -> Bool { number >= first }
}
