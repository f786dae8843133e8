internal import CFFmpeg
internal import Frames

/// A chain of libavfilter filters with one input and one output. Owns its AVFilterGraph. Used by one thread at a time.
final class FilterGraph {
    private let graph: UnsafeMutablePointer<AVFilterGraph>
    private let source: UnsafeMutablePointer<AVFilterContext>
    private let sink: UnsafeMutablePointer<AVFilterContext>

    /// A graph for pictures like `picture`, whose timestamps are in `timeBase`.
    convenience init(
        _ filters: String, like picture: UnsafeMutablePointer<AVFrame>, timeBase: AVRational
    ) throws(SakugaError) {
        let frame = picture.pointee
        let aspect = frame.sample_aspect_ratio.den > 0 ? frame.sample_aspect_ratio : AVRational(num: 0, den: 1)
        let arguments =
            "video_size=\(frame.width)x\(frame.height):pix_fmt=\(frame.format)"
            + ":time_base=\(timeBase.num)/\(timeBase.den):pixel_aspect=\(aspect.num)/\(aspect.den)"
        try self.init(filters, source: "buffer", sink: "buffersink", arguments: arguments)
    }

    /// A graph for the sound that `decoder` yields, with timestamps in `timeBase`.
    convenience init(
        _ filters: String, like sound: UnsafeMutablePointer<AVFrame>, soundTimeBase timeBase: AVRational
    ) throws(SakugaError) {
        var layout = [CChar](repeating: 0, count: 128)
        var described = sound.pointee.ch_layout
        if described.order == AV_CHANNEL_ORDER_UNSPEC { av_channel_layout_default(&described, described.nb_channels) }
        av_channel_layout_describe(&described, &layout, layout.count)
        let name = String(decoding: layout.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let arguments =
            "time_base=\(timeBase.num)/\(timeBase.den):sample_rate=\(sound.pointee.sample_rate)"
            + ":sample_fmt=\(sound.pointee.format):channel_layout=\(name)"
        try self.init(filters, source: "abuffer", sink: "abuffersink", arguments: arguments)
    }

    private init(_ filters: String, source sourceName: String, sink sinkName: String, arguments: String)
        throws(SakugaError)
    {
        guard let graph = avfilter_graph_alloc() else { preconditionFailure("out of memory") }
        var handle: UnsafeMutablePointer<AVFilterGraph>? = graph
        // Stored properties can only be set when everything stands; until then the graph is freed by hand.
        func fail(_ code: Int32, _ call: String) -> SakugaError {
            avfilter_graph_free(&handle)
            return SakugaError(ffmpeg: code, .software, "cannot set up the filters '\(filters)'", call: call)
        }
        graph.pointee.nb_threads = 1
        var first: UnsafeMutablePointer<AVFilterContext>?
        var last: UnsafeMutablePointer<AVFilterContext>?
        var code = avfilter_graph_create_filter(&first, avfilter_get_by_name(sourceName), "in", arguments, nil, graph)
        guard code >= 0, let first else { throw fail(code, "avfilter_graph_create_filter") }
        code = avfilter_graph_create_filter(&last, avfilter_get_by_name(sinkName), "out", nil, nil, graph)
        guard code >= 0, let last else { throw fail(code, "avfilter_graph_create_filter") }
        var inputs = avfilter_inout_alloc()
        var outputs = avfilter_inout_alloc()
        outputs!.pointee.name = av_strdup("in")
        outputs!.pointee.filter_ctx = first
        inputs!.pointee.name = av_strdup("out")
        inputs!.pointee.filter_ctx = last
        code = avfilter_graph_parse_ptr(graph, filters, &inputs, &outputs, nil)
        avfilter_inout_free(&inputs)
        avfilter_inout_free(&outputs)
        guard code >= 0 else { throw fail(code, "avfilter_graph_parse_ptr") }
        code = avfilter_graph_config(graph, nil)
        guard code >= 0 else { throw fail(code, "avfilter_graph_config") }
        self.graph = graph
        source = first
        sink = last
    }

    deinit {
        var handle: UnsafeMutablePointer<AVFilterGraph>? = graph
        avfilter_graph_free(&handle)
    }

    var timeBase: AVRational { av_buffersink_get_time_base(sink) }

    /// Makes the sink yield sound in frames of exactly `samples` (the last one may be shorter).
    func setFrameSize(_ samples: Int32) { av_buffersink_set_frame_size(sink, UInt32(samples)) }

    /// Pushes a frame in (its reference moves to the graph), or nil at the end.
    func push(_ frame: UnsafeMutablePointer<AVFrame>?) throws(SakugaError) {
        try check(
            av_buffersrc_add_frame_flags(source, frame, 0), .software, "cannot filter a frame",
            call: "av_buffersrc_add_frame")
    }

    /// Pulls the next frame out; false when more must be pushed first or all is done.
    func pull(into frame: UnsafeMutablePointer<AVFrame>) throws(SakugaError) -> Bool {
        let code = av_buffersink_get_frame(sink, frame)
        if code == SHIM_ERROR_AGAIN || code == SHIM_ERROR_EOF { return false }
        try check(code, .software, "cannot filter a frame", call: "av_buffersink_get_frame")
        return true
    }
}
