internal import Synchronization

/// How often each asker may ask: a token bucket, which fills at a steady rate.
final class RequestRate: Sendable {
    private struct Bucket {
        var tokens: Double
        /// When that was so, in seconds.
        var time: Double
    }

    private struct State {
        var buckets: [String: Bucket] = [:]
        /// So many buckets make it worth to look for full ones.
        var most = 1000
    }

    private let state = Mutex(State())
    /// Requests per second; 0: any number.
    private let rate: Double
    /// Requests at once after a pause.
    private var burst: Double { max(1, 4 * rate) }

    init(_ rate: Double) { self.rate = rate }

    /// Takes a request on: nil. Or seconds after which the next one can be.
    ///
    /// - Parameter now: seconds on a clock that only goes forward.
    func delay(for asker: String, now: Double) -> Double? {
        guard rate > 0 else { return nil }
        return state.withLock { state in
            var bucket = filled(state.buckets[asker] ?? Bucket(tokens: burst, time: now), now)
            defer { state.buckets[asker] = bucket }
            guard bucket.tokens >= 1 else { return (1 - bucket.tokens) / rate }
            bucket.tokens -= 1
            if state.buckets.count >= state.most {
                // A full bucket is as good as none.
                state.buckets = state.buckets.filter { filled($0.value, now).tokens < burst }
                state.most = max(1000, 2 * state.buckets.count)
            }
            return nil
        }
    }

    private func filled(_ bucket: Bucket, _ now: Double) -> Bucket {
        Bucket(tokens: min(burst, bucket.tokens + (now - bucket.time) * rate), time: now)
    }
}
