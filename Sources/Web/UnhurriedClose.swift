internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection when the answer before has gone out: to close drops what a slow reader has not taken yet, and a
/// server that stops closes right behind the last byte it has written.
final class UnhurriedClose: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// For how long a whole close waits.
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
        guard mode != .input, let answered else { return context.close(mode: mode, promise: promise) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // What has not gone out by then fails, which is the end of waiting, too.
        let closing =
            mode == .all
            ? context.eventLoop.scheduleTask(in: Self.limit) { bound.value.close(mode: mode, promise: nil) } : nil
        answered.whenComplete { _ in
            closing?.cancel()
            bound.value.close(mode: mode, promise: promise)
        }
    }
}
