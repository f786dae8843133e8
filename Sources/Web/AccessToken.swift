/// A secret that lets whoever knows it in: 128 random bits, as 32 hexadecimal digits.
package struct AccessToken: Sendable {
    package let text: String

    /// Makes a new one from the system's secure source of random numbers.
    package init() {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// One that was agreed on before.
    package init(text: String) { self.text = text }

    /// Compares in a time that does not tell how much of a guess is right.
    package func matches(_ guess: some StringProtocol) -> Bool {
        let (mine, theirs) = (Array(text.utf8), Array(guess.utf8))
        guard mine.count == theirs.count else { return false }
        return zip(mine, theirs).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
