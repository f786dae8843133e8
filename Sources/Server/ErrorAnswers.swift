internal import Foundation
internal import Frames
internal import HTTPTypes
internal import Hummingbird

/// Turns errors into answers of one shape: `{"error":"…"}`.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = BasicRequestContext

    private struct Answer: Encodable { var error: String }

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch is NotFound {
            return try Routes.json(Answer(error: "there is nothing here"), .notFound)
        } catch is Busy {
            var response = try Routes.json(
                Answer(error: "the server has its hands full: ask again in a moment"), .serviceUnavailable)
            response.headers[.retryAfter] = "2"
            return response
        } catch let error as TooLarge {
            return try Routes.json(Answer(error: error.message), .contentTooLarge)
        } catch let error as SakugaError where error.code == .usage {
            return try Routes.json(Answer(error: error.message), .badRequest)
        } catch let error as SakugaError {
            return try Routes.json(Answer(error: error.message), .internalServerError)
        } catch let error as any HTTPResponseError {
            return try Routes.json(Answer(error: error.status.reasonPhrase.lowercased()), error.status)
        }
    }
}

struct TooLarge: Error { var message: String }
