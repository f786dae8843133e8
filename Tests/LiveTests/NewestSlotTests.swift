import Dispatch
import Synchronization
import Testing

@testable import Live

@Suite("Newest slot", .timeLimit(.minutes(10)))
struct NewestSlotTests {
    @Test("an element that was not taken in time is replaced")
    func replacement() {
        let slot = NewestSlot<Int>()
        #expect(!slot.put(1))
        #expect(slot.put(2))
        #expect(slot.take() == 2)
        #expect(!slot.put(3))
        slot.close()
        #expect(slot.take() == 3, "what waits when the slot closes can still be taken")
        #expect(slot.take() == nil)
        #expect(slot.take() == nil, "the end stays")
    }

    @Test("a slow taker sees rising elements and the last one, whatever was passed over")
    func slowTaker() {
        let slot = NewestSlot<Int>()
        let replaced = Mutex(0)
        let count = 20_000
        DispatchQueue.global().async {
            for number in 1...count where slot.put(number) { replaced.withLock { $0 += 1 } }
            slot.close()
        }
        var taken: [Int] = []
        while let number = slot.take() { taken.append(number) }
        #expect(zip(taken, taken.dropFirst()).allSatisfy { $0 < $1 })
        #expect(taken.last == count)
        #expect(taken.count + replaced.withLock { $0 } == count, "none is lost without being counted")
    }
}
