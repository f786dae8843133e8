internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Says with an answer that comes before its request has been read whole that the connection is not to be used again:
/// clients disagree about whether they still have to send the rest, and one that does not would have its next request
/// taken for it.
final class EarlyAnswers: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// For how long what is still coming is read after the answer, so that it is not lost.
    private static let patience = TimeAmount.seconds(10)
    private var isReading = false
    /// Requests that have begun and are not answered whole.
    private var open = 0
    private var isLast = false
    private var closing: Scheduled<Void>?

    func handlerRemoved(context: ChannelHandlerContext) { closing?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: (isReading, open) = (true, open + 1)
        case .body: break
        case .end: isReading = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var data = data
        switch unwrapOutboundIn(data) {
        case .head(var head) where isReading && open == 1 && head.status.kind != .informational:
            isLast = true
            head.headerFields[.connection] = "close"
            data = wrapOutboundOut(.head(head))
        case .end:
            open -= 1
            if isLast {
                let channel = context.channel
                closing = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
            }
        default: break
        }
        context.write(data, promise: promise)
    }
}
