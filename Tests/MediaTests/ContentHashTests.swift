import Testing

@testable import Media

@Suite("Content hash")
struct ContentHashTests {
    /// The numbers are those of FIPS 180-4's examples: `printf abc | sha256sum`.
    @Test("it is SHA-256, however the text comes")
    func sums() {
        let hash = ContentHash()
        for part in ["a", "", "bc"] { hash.add(part) }
        #expect(hash.digest() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(ContentHash().digest() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
