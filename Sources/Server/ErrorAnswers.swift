internal import Foundation
internal import Frames
internal import GRDB
internal import HTTPTypes
internal import Hummingbird

/// Turns errors into answers of one shape: `{"error":"…"}`.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = ServerContext

    private struct Answer: Encodable { var error: String }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch is NotFound {
            return try Routes.json(Answer(error: "there is nothing here"), .notFound)
        } catch let error as Refusal {
            var answer = try Routes.json(Answer(error: error.message), error.status)
            answer.headers[.retryAfter] = error.retryAfter.map { "\(Int($0.rounded(.up)))" }
            return answer
        } catch let error as SakugaError where error.code == .usage {
            return try Routes.json(Answer(error: error.message), .badRequest)
        } catch let error as SakugaError {
            return try Routes.json(Answer(error: error.message), .internalServerError)
        } catch let error as DatabaseError {
            return try Routes.json(
                Answer(error: "the server cannot use its list of jobs now: try again later"),
                error.resultCode == .SQLITE_FULL ? .insufficientStorage : .serviceUnavailable)
        } catch let error as any HTTPResponseError {
            return try Routes.json(Answer(error: error.status.reasonPhrase.lowercased()), error.status)
        }
    }
}

/// A request that is understood and yet not granted.
struct Refusal: Error {
    var status: HTTPResponse.Status
    /// One sentence.
    var message: String
    /// Seconds after which it may be.
    var retryAfter: Double?

    init(_ status: HTTPResponse.Status, _ message: String, retryAfter: Double? = nil) {
        (self.status, self.message, self.retryAfter) = (status, message, retryAfter)
    }
}

extension HTTPResponse.Status {
    /// RFC 4918, section 11.5.
    static var insufficientStorage: Self { HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage") }
}
