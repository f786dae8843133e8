internal import HTTPTypes
internal import Synchronization

/// Lets only one request at a time write to an upload.
final class Senders: Sendable {
    private let busy = Mutex<Set<String>>([])

    /// - Throws: `Refusal` where another request writes to it.
    func hold<Value>(_ id: String, _ body: () async throws -> Value) async throws -> Value {
        guard busy.withLock({ $0.insert(id).inserted }) else {
            throw Refusal(.conflict, "another request sends to this upload: ask again how much is there")
        }
        defer { busy.withLock { _ = $0.remove(id) } }
        return try await body()
    }
}
