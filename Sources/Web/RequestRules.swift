internal import Foundation

/// Says which requests are answered: those that name this server, do not come from another site's page, and carry the
/// token. Without the first two any web page could reach a port of the machine on which it is looked at, by a name that
/// changes its address (DNS rebinding) or by a plain form.
package struct RequestRules: Sendable {
    /// Why a request is refused.
    package enum Refusal: Sendable, Equatable {
        case wrongHost
        case otherSite
        case noToken
    }

    /// What a request says of itself.
    package struct Facts: Sendable {
        /// The Host header.
        package var authority: String?
        package var origin: String?
        /// The Sec-Fetch-Site header, which browsers send.
        package var fetchSite: String?
        package var token: String?
        /// The page itself is asked for, which a link on another site may do.
        package var isNavigation: Bool

        package init(
            authority: String?, origin: String? = nil, fetchSite: String? = nil, token: String? = nil,
            isNavigation: Bool = false
        ) {
            (self.authority, self.origin, self.fetchSite) = (authority, origin, fetchSite)
            (self.token, self.isNavigation) = (token, isNavigation)
        }
    }

    private let names: Set<String>
    /// Names under which a proxy hands requests on: it may have added TLS.
    private let proxied: Set<String>
    /// Other machines may ask, by whatever address they know this one.
    private let takesAddresses: Bool
    private let token: AccessToken?

    /// - Parameters:
    ///   - proxied: more names of this server, under which a proxy reaches it.
    ///   - token: nil: who may come in is decided elsewhere.
    package init(_ address: ListenAddress, proxied: [String] = [], token: AccessToken? = nil) {
        takesAddresses = !address.isLoopback
        let machine = ProcessInfo.processInfo.hostName.lowercased()
        let own = takesAddresses ? [address.host.lowercased(), machine, machine + ".local"] : []
        names = Set(["localhost", "127.0.0.1", "[::1]"] + own)
        self.proxied = Set(proxied.map { $0.lowercased() })
        self.token = token
    }

    /// Nil: the request is answered.
    package func refusal(of facts: Facts) -> Refusal? {
        guard let authority = facts.authority?.lowercased() else { return .wrongHost }
        let host = Self.host(of: authority)
        let port = authority[host.endIndex...]
        let isProxied = proxied.contains(String(host))
        guard isProxied || isOurs(host),
            port.isEmpty || (port.first == ":" && port.dropFirst().allSatisfy(\.isNumber))
        else { return .wrongHost }
        if let origin = facts.origin?.lowercased(), origin != "http://\(authority)",
            !(isProxied && origin == "https://\(authority)")
        {
            return .otherSite
        }
        if let site = facts.fetchSite, !facts.isNavigation, !["same-origin", "none"].contains(site) {
            return .otherSite
        }
        guard let token else { return nil }
        return facts.token.map(token.matches) == true ? nil : .noToken
    }

    private static func host(of authority: String) -> Substring {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return authority[...end] }
        return authority.prefix { $0 != ":" }
    }

    private func isOurs(_ host: Substring) -> Bool {
        if names.contains(String(host)) { return true }
        guard takesAddresses else { return false }
        // An address, unlike a name, cannot be made to point elsewhere.
        var (four, six) = (in_addr(), in6_addr())
        let bare = String(host.drop { $0 == "[" }.prefix { $0 != "]" })
        return inet_pton(AF_INET, bare, &four) == 1 || inet_pton(AF_INET6, bare, &six) == 1
    }
}
