package import Hummingbird
internal import HTTPTypes

/// Holds every request against the rules before anything else sees it, and puts on every answer the headers that keep
/// other sites out.
package struct RequestGuard<Context: RequestContext>: RouterMiddleware {
    private let rules: RequestRules
    private let policy: String

    /// - Parameter contentPolicy: of the page: the Content-Security-Policy header.
    package init(_ rules: RequestRules, contentPolicy: String) { (self.rules, policy) = (rules, contentPolicy) }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        if let refusal = rules.refusal(of: facts(of: request)) {
            response = Self.answer(to: refusal)
        } else {
            response = try await next(request, context)
        }
        response.headers[.contentSecurityPolicy] = policy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.cacheControl] = response.headers[.cacheControl] ?? "no-store"
        for (name, value) in [
            ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
        ] {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private func facts(of request: Request) -> RequestRules.Facts {
        RequestRules.Facts(
            authority: request.head.authority, origin: request.headers[.origin],
            fetchSite: HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] },
            token: request.accessToken, isNavigation: request.method == .get && request.uri.path == "/")
    }

    private static func answer(to refusal: RequestRules.Refusal) -> Response {
        switch refusal {
        case .wrongHost: .text(.misdirectedRequest, "This server does not answer to that name.\n")
        case .otherSite: .text(.forbidden, "Pages of other sites have no access.\n")
        case .noToken: .noToken
        }
    }
}

extension Request {
    /// The token that comes with it: in a header, or in the query where a browser cannot set headers.
    package var accessToken: String? {
        let header = headers[.authorization].flatMap { $0.hasPrefix("Bearer ") ? $0.dropFirst(7) : nil }
        return (header ?? uri.queryParameters.first { $0.key == "token" }?.value).map(String.init)
    }
}

extension Response {
    /// The answer to a request whose token is missing or wrong.
    package static var noToken: Response {
        .text(.unauthorized, "Open the whole address that sakuga printed: the token at its end lets you in.\n")
    }

    package static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
