internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection when the answer before has gone out: to close drops what a slow reader has not taken yet, and a
/// server that stops closes right behind the last byte it has written.
final class UnhurriedClose: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Who takes nothing for so long is not waited for.
    private static let limit = TimeAmount.seconds(5)
    /// The end of the answer that was written last.
    private var answered: EventLoopFuture<Void>?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        let promise = promise ?? context.eventLoop.makePromise()
        answered = promise.futureResult
        context.write(data, promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, let answered else { return context.close(mode: mode, promise: promise) }
        self.answered = nil
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // What then has not gone out fails, which is the end of waiting, too.
        let closing = context.eventLoop.scheduleTask(in: Self.limit) { bound.value.close(mode: mode, promise: nil) }
        answered.whenComplete { _ in
            closing.cancel()
            bound.value.close(mode: mode, promise: promise)
        }
    }
}
