internal import Hummingbird
internal import Web

/// Finds out who asks, and lets in whoever may use the service.
struct Admission: RouterMiddleware {
    private let users: UserStore
    private let token: AccessToken?
    private let rate: RequestRate
    private let start = ContinuousClock.now

    /// - Parameters:
    ///   - token: the host's own; nil: while there are no users, whoever reaches the server is the host.
    ///   - rate: requests per second of each user or address; 0: any number.
    init(_ users: UserStore, token: AccessToken?, rate: Double) {
        (self.users, self.token, self.rate) = (users, token, RequestRate(rate))
    }

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let caller = try caller(request.accessToken)
        // Addresses cannot be users' names: those have no colon.
        let asker = caller?.name ?? "address:\(context.address)"
        if let delay = rate.delay(for: asker, now: (ContinuousClock.now - start) / .seconds(1)) {
            throw Refusal(.tooManyRequests, "too many requests: wait a little", retryAfter: delay)
        }
        if let caller { context.caller = caller } else if !Self.isOpen(request) { return .noToken }
        return try await next(request, context)
    }

    /// The page, which asks for the token, and the sign of life tell nothing of anybody.
    private static func isOpen(_ request: Request) -> Bool {
        request.method == .get && ["/", "/healthz"].contains(request.uri.path)
    }

    /// Nil: nobody who may come in.
    private func caller(_ text: String?) throws -> Caller? {
        if let text {
            if token?.matches(text) == true { return .host }
            if let user = try users.user(token: text) { return .user(user) }
        }
        return try token == nil && users.isEmpty() ? .host : nil
    }
}
