import Foundation
import Synchronization
import Testing

@testable import Pipeline

@Suite("Bounded channel", .timeLimit(.minutes(10)))
struct BoundedChannelTests {
    @Test("elements come out in the order they went in, then nil")
    func order() {
        let channel = BoundedChannel<Int>(capacity: 2)
        DispatchQueue(label: "sender").async {
            for number in 0..<1_000 { #expect(channel.send(number)) }
            channel.finish()
        }
        var received: [Int] = []
        while let number = channel.receive() { received.append(number) }
        #expect(received == Array(0..<1_000))
        #expect(channel.receive() == nil)
    }

    @Test("numbers count the elements from 0")
    func numbers() {
        let channel = BoundedChannel<String>(capacity: 3)
        for word in ["a", "b", "c"] { #expect(channel.send(word)) }
        channel.finish()
        #expect(channel.receiveNumbered()?.number == 0)
        #expect(channel.receive() == "b")
        let last = channel.receiveNumbered()
        #expect(last?.number == 2 && last?.element == "c")
        #expect(channel.receiveNumbered() == nil)
    }

    @Test("a full channel makes the sender wait until there is room")
    func backPressure() {
        let channel = BoundedChannel<Int>(capacity: 2)
        let sent = Atomic(0)
        let sending = DispatchGroup()
        DispatchQueue(label: "sender").async(group: sending) {
            for number in 0..<5 {
                _ = channel.send(number)
                sent.add(1, ordering: .releasing)
            }
        }
        func expectSent(_ expected: Int) {
            while sent.load(ordering: .acquiring) < expected { usleep(1_000) }
            // Time enough for one too many.
            usleep(20_000)
            let count = sent.load(ordering: .acquiring)
            #expect(count == expected)
        }
        expectSent(2)
        #expect(channel.receive() == 0)
        expectSent(3)
        channel.close()
        sending.wait()
    }

    @Test("close wakes a waiting sender and a waiting receiver and lets the elements go")
    func close() {
        final class Token: Sendable {}
        weak var queued: Token?
        let full = BoundedChannel<Token>(capacity: 1)
        do {
            let token = Token()
            queued = token
            #expect(full.send(token))
        }
        #expect(queued != nil)
        let empty = BoundedChannel<Int>(capacity: 1)
        let waiting = DispatchGroup()
        DispatchQueue(label: "sender").async(group: waiting) { #expect(!full.send(Token())) }
        DispatchQueue(label: "receiver").async(group: waiting) { #expect(empty.receive() == nil) }
        #expect(waiting.wait(timeout: .now() + .milliseconds(30)) == .timedOut)
        full.close()
        empty.close()
        waiting.wait()
        #expect(queued == nil)
        #expect(!full.send(Token()))
    }

    @Test("nothing can be sent after finish")
    func finish() {
        let channel = BoundedChannel<Int>(capacity: 2)
        #expect(channel.send(1))
        channel.finish()
        #expect(!channel.send(2))
        #expect(channel.receive() == 1)
        #expect(channel.receive() == nil)
    }
}
