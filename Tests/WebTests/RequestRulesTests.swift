import Testing

@testable import Web

@Suite("Request rules")
struct RequestRulesTests {
    private let token = AccessToken(text: "00112233445566778899aabbccddeeff")

    private func refusal(
        _ authority: String?, origin: String? = nil, site: String? = nil, token: String? = nil,
        isNavigation: Bool = false, bind: String = "127.0.0.1"
    ) -> RequestRules.Refusal? {
        let rules = RequestRules(ListenAddress(host: bind, port: 8088), token: self.token)
        return rules.refusal(
            of: .init(
                authority: authority, origin: origin, fetchSite: site, token: token ?? self.token.text,
                isNavigation: isNavigation))
    }

    @Test(
        "a loopback server answers to its own names only",
        arguments: ["127.0.0.1:8088", "localhost:8088", "[::1]:8088", "LOCALHOST"])
    func ownNames(authority: String) { #expect(refusal(authority) == nil) }

    @Test(
        "a name that points here is refused, and so is an address that is not its own",
        arguments: [
            "evil.example:8088", "127.0.0.1.evil.example", "192.168.1.5:8088", "", "localhost.evil.example:8088",
            "[::2]:8088", "localhost@evil.example",
        ])
    func otherNames(authority: String) { #expect(refusal(authority) == .wrongHost) }

    @Test("a request without a Host header is refused")
    func noHost() { #expect(refusal(nil) == .wrongHost) }

    @Test("a server for other machines answers to any address, not to any name")
    func addresses() {
        #expect(refusal("192.168.1.5:8088", bind: "0.0.0.0") == nil)
        #expect(refusal("[fe80::1]:8088", bind: "0.0.0.0") == nil)
        #expect(refusal("evil.example:8088", bind: "0.0.0.0") == .wrongHost)
        #expect(refusal("box.lan:8088", bind: "box.lan") == nil)
    }

    @Test("a page of another site, or of another port, is refused")
    func origins() {
        #expect(refusal("localhost:8088", origin: "http://localhost:8088") == nil)
        #expect(refusal("localhost:8088", origin: "http://localhost:9000") == .otherSite)
        #expect(refusal("localhost:8088", origin: "https://localhost:8088") == .otherSite)
        #expect(refusal("localhost:8088", origin: "null") == .otherSite)
        #expect(refusal("localhost:8088", site: "cross-site") == .otherSite)
        #expect(refusal("localhost:8088", site: "same-site") == .otherSite)
        #expect(refusal("localhost:8088", site: "same-origin") == nil)
    }

    @Test("a name that was given is answered to, also behind TLS, and no other name is")
    func proxies() {
        let rules = RequestRules(ListenAddress(host: "127.0.0.1", port: 8088), proxied: ["Films.example.org"])
        func refusal(_ authority: String, _ origin: String? = nil) -> RequestRules.Refusal? {
            rules.refusal(of: .init(authority: authority, origin: origin))
        }
        #expect(refusal("films.example.org", "https://films.example.org") == nil)
        #expect(refusal("films.example.org:8443", "https://films.example.org:8443") == nil)
        #expect(refusal("films.example.org", "http://films.example.org") == nil)
        #expect(refusal("films.example.org", "https://example.org") == .otherSite)
        #expect(refusal("example.org") == .wrongHost)
        #expect(refusal("127.0.0.1:8088", "https://127.0.0.1:8088") == .otherSite)
    }

    @Test("a link on another site may open the page, with the token")
    func navigation() {
        #expect(refusal("localhost:8088", site: "cross-site", isNavigation: true) == nil)
        #expect(refusal("localhost:8088", site: "cross-site", token: "", isNavigation: true) == .noToken)
    }

    @Test(
        "the token is needed, and needed whole",
        arguments: ["", "0", "00112233445566778899aabbccddeef", "00112233445566778899AABBCCDDEEFF"])
    func tokens(guess: String) { #expect(refusal("localhost:8088", token: guess) == .noToken) }

    @Test("tokens are long, and no two are alike")
    func newTokens() {
        let tokens = (0..<100).map { _ in AccessToken().text }
        #expect(Set(tokens).count == 100)
        #expect(tokens.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
    }
}

@Suite("Listen address")
struct ListenAddressTests {
    @Test(
        "names, addresses and ports are read",
        arguments: [
            ("0.0.0.0", "0.0.0.0", 8088), ("0.0.0.0:80", "0.0.0.0", 80), ("box:0", "box", 0), ("::", "::", 8088),
            ("[::1]:9", "::1", 9), ("[::1]", "::1", 8088), ("fe80::1", "fe80::1", 8088),
        ])
    func reads(text: String, host: String, port: Int) throws {
        #expect(try ListenAddress(text, defaultPort: 8088) == ListenAddress(host: host, port: port))
    }

    @Test(
        "what is no address is refused", arguments: ["", ":80", "box:", "box:99999", "box:x", "[::1", "[::1]9", "[]:9"])
    func refuses(text: String) { #expect(throws: (any Error).self) { try ListenAddress(text, defaultPort: 8088) } }
}
