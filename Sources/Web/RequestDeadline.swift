internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection on which no request begins: whoever opens many and says little keeps nobody else out.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart

    /// For the first request's line and headers.
    private static let limit = TimeAmount.seconds(10)
    private var closing: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        closing = context.eventLoop.scheduleTask(in: Self.limit) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { closing?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        closing?.cancel()
        context.fireChannelRead(data)
    }
}
