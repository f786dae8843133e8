internal import Foundation
package import Frames

/// Where a server listens.
package struct ListenAddress: Sendable, Equatable {
    /// A name or an address, without brackets.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) { (self.host, self.port) = (host, port) }

    /// Reads `HOST`, `HOST:PORT`, `[IPv6]`, `[IPv6]:PORT` or an IPv6 address alone.
    ///
    /// - Throws: `.usage` for anything else.
    package init(_ text: String, defaultPort: Int) throws(SakugaError) {
        var host = text[...]
        var port = String(defaultPort)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.hasPrefix(":") { port = String(rest.dropFirst()) } else if !rest.isEmpty { host = "" }
        } else if let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon {
            host = text[..<colon]
            port = String(text[text.index(after: colon)...])
        }
        guard !host.isEmpty, !host.contains("["), let number = Int(port), (0...65535).contains(number) else {
            throw SakugaError(
                .usage, "'\(text)' is no address to listen on", hint: "give one like 0.0.0.0 or 127.0.0.1:8088")
        }
        (self.host, self.port) = (String(host), number)
    }

    /// Only this machine reaches it.
    package var isLoopback: Bool { host == "localhost" || host.hasPrefix("127.") || host == "::1" }

    /// As a browser writes it: `127.0.0.1:8088`, `[::1]:8088`.
    package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// An address by which this one can be reached from elsewhere where it stands for all of the machine's.
    package var reachable: ListenAddress {
        guard host == "0.0.0.0" || host == "::" else { return self }
        return ListenAddress(host: Self.outerAddress() ?? ProcessInfo.processInfo.hostName, port: port)
    }

    /// The first IPv4 address of this machine that others see.
    private static func outerAddress() -> String? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        for entry in sequence(first: list, next: { $0?.pointee.ifa_next }) {
            guard let interface = entry?.pointee, let address = interface.ifa_addr,
                address.pointee.sa_family == sa_family_t(AF_INET), interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard getnameinfo(address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else {
                continue
            }
            return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        return nil
    }
}
