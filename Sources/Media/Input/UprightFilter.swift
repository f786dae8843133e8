internal import CFFmpeg
internal import Frames

/// Makes decoded pictures progressive, upright and BT.709 where they are not: what happens before a picture is drawn.
///
/// The filters are set up for what the pictures are, and anew when a stream changes on the way. Used by one thread at a
/// time.
final class UprightFilter {
    /// What the filters depend on.
    struct Setup: Equatable {
        var deinterlaces: Bool
        var toneMaps: Bool
        var orientation: Orientation
        /// For tone mapping: what the stream leaves unsaid is what HDR video is.
        var color: ColorDescription?
        var width: Int32
        var height: Int32
        var format: Int32

        var isNeeded: Bool { deinterlaces || toneMaps || orientation != .upright }
    }

    private let timeBase: AVRational
    private let deinterlacesWhereNeeded: Bool
    private let turns: Bool
    private let streamOrientation: Orientation?
    private var sawFields: Bool
    private var graph: FilterGraph?
    private var setup: Setup?
    /// How long the pictures inside the filters are shown, by their timestamp in the filters' time base.
    private var durations: [Int64: Int64] = [:]
    /// What came out of a graph that was closed.
    private var finished: [Picture] = []

    /// - Parameters:
    ///   - deinterlaces: whether interlaced pictures are made progressive.
    ///   - turns: whether pictures are brought upright.
    ///   - isInterlaced: the container says that the stream is interlaced.
    init(
        stream: UnsafeMutablePointer<AVStream>, timeBase: AVRational, deinterlaces: Bool, turns: Bool,
        isInterlaced: Bool
    ) {
        self.timeBase = timeBase
        deinterlacesWhereNeeded = deinterlaces
        self.turns = turns
        sawFields = isInterlaced
        streamOrientation = shim_stream_display_matrix(stream).map(Orientation.init(displayMatrix:))
    }

    /// How the picture is stored.
    func orientation(of picture: Picture) -> Orientation { streamOrientation ?? Orientation(of: picture) ?? .upright }

    /// What must happen to `picture`. Once a stream was interlaced, its pictures all go through the deinterlacer, which
    /// leaves progressive ones alone.
    func setup(for picture: Picture) -> Setup {
        let frame = picture.pointer.pointee
        if shim_is_interlaced(picture.pointer) != 0 { sawFields = true }
        let color = ColorDescription(picture.pointer)
        return Setup(
            deinterlaces: deinterlacesWhereNeeded && sawFields, toneMaps: color.isHDR,
            orientation: turns ? orientation(of: picture) : .upright, color: color.isHDR ? color : nil,
            width: frame.width, height: frame.height, format: frame.format)
    }

    /// Takes the next decoded picture. Its timestamp and duration come out with it again.
    func push(_ picture: Picture) throws(SakugaError) {
        let setup = setup(for: picture)
        if setup != self.setup {
            try drain()
            graph =
                setup.isNeeded
                ? try FilterGraph(Self.description(setup), like: picture.pointer, timeBase: timeBase) : nil
            self.setup = setup
        }
        picture.pointer.pointee.pts = picture.pointer.pointee.best_effort_timestamp
        picture.duration = shim_frame_duration(picture.pointer)
        guard let graph else {
            finished.append(picture)
            return
        }
        if picture.pointer.pointee.pts != SHIM_NO_TIMESTAMP {
            durations[picture.pointer.pointee.pts] = picture.duration
        }
        try graph.push(picture.pointer)
    }

    /// Pushes the end: the last pictures come out.
    func drain() throws(SakugaError) {
        guard let graph else { return }
        try graph.push(nil)
        while let picture = try pulled(from: graph) { finished.append(picture) }
        self.graph = nil
        setup = nil
        durations = [:]
    }

    /// Returns the next picture (`pts` in the stream's time base), or nil when more must be pushed first.
    func pull() throws(SakugaError) -> Picture? {
        if !finished.isEmpty { return finished.removeFirst() }
        guard let graph else { return nil }
        return try pulled(from: graph)
    }

    private func pulled(from graph: FilterGraph) throws(SakugaError) -> Picture? {
        let picture = Picture()
        guard try graph.pull(into: picture.pointer) else { return nil }
        let pts = picture.pointer.pointee.pts
        if pts != SHIM_NO_TIMESTAMP {
            let ticks = av_rescale_q(pts, graph.timeBase, timeBase)
            picture.pointer.pointee.pts = ticks
            picture.duration = durations.removeValue(forKey: ticks) ?? 0
        }
        return picture
    }

    private static func description(_ setup: Setup) -> String {
        var filters: [String] = []
        if setup.deinterlaces { filters.append("bwdif=mode=send_frame:parity=auto:deint=interlaced") }
        if let color = setup.color { filters.append(toneMapping(color)) }
        if let turn = setup.orientation.filters {
            // 4:2:2 and 4:1:1 have no turned counterpart: chroma gets full size first.
            if setup.orientation.isSideways, !setup.toneMaps, let format = turnableFormat(setup.format) {
                filters.append("format=\(format)")
            }
            filters.append(turn)
        }
        return filters.joined(separator: ",")
    }

    /// Linear light, BT.709 primaries, then the Hable curve (John Hable, "Filmic Tonemapping Operators", 2010), as
    /// FFmpeg's documentation suggests for HDR sources; 100 cd/m² is reference white.
    private static func toneMapping(_ color: ColorDescription) -> String {
        var input = "zscale=tin=\(color.transfer == AVCOL_TRC_SMPTE2084 ? "smpte2084" : "arib-std-b67")"
        if color.primaries == AVCOL_PRI_UNSPECIFIED { input += ":pin=2020" }
        if color.matrix == AVCOL_SPC_UNSPECIFIED { input += ":min=2020_ncl" }
        if color.range == AVCOL_RANGE_UNSPECIFIED { input += ":rin=limited" }
        return input + ":t=linear:npl=100:p=709:m=gbr,format=gbrpf32le,tonemap=tonemap=hable:desat=0,"
            + "zscale=tin=linear:pin=709:t=709:p=709:m=gbr:r=full,format=gbrp"
    }

    /// The format with whole chroma for one that the transpose filter cannot take; nil where it can.
    private static func turnableFormat(_ format: Int32) -> String? {
        guard let descriptor = av_pix_fmt_desc_get(AVPixelFormat(format))?.pointee,
            descriptor.log2_chroma_w != descriptor.log2_chroma_h
        else { return nil }
        let name = String(cString: descriptor.name)
        if name.hasPrefix("yuvj") { return "yuvj444p" }
        let depth = descriptor.comp.0.depth
        let alpha = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 ? "a" : ""
        return "yuv\(alpha)444p" + (depth > 8 ? "\(depth)le" : "")
    }
}
