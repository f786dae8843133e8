internal import Hummingbird
internal import Web

/// Finds out who asks, and lets in whoever may use the service.
struct Admission: RouterMiddleware {
    private let users: UserStore
    private let token: AccessToken?

    /// - Parameter token: the host's own; nil: while there are no users, whoever reaches the server is the host.
    init(_ users: UserStore, token: AccessToken?) { (self.users, self.token) = (users, token) }

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        guard let caller = try caller(request.accessToken) else { return .noToken }
        context.caller = caller
        return try await next(request, context)
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
