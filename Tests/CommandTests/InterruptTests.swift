import Foundation
import Synchronization
import Testing

@testable import sakuga

@Suite("Interrupt", .serialized, .timeLimit(.minutes(30)))
struct InterruptTests {
    @Test("the first signal asks the work to stop, once; also of the next piece of work", arguments: [SIGINT, SIGTERM])
    func firstSignal(number: Int32) async throws {
        for _ in 0..<3 {
            let counter = Counter()
            let interrupt = Interrupt { counter.increase() }
            #expect(!interrupt.isRequested)
            kill(getpid(), number)
            while counter.value == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(interrupt.isRequested)
            #expect(counter.value == 1)
        }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func increase() { count.withLock { $0 += 1 } }
}
