import Foundation
import Support
import Testing

extension Browser.Tab {
    /// Looks at the page on a phone and at a desk, in the light and in the dark; it has to fit. Where `SAKUGA_SCREENSHOTS`
    /// names a folder, what was seen is kept there.
    func look(_ name: String) throws {
        let folder = ProcessInfo.processInfo.environment["SAKUGA_SCREENSHOTS"].map { URL(fileURLWithPath: $0) }
        for (screen, width, height) in [("-phone", 390, 844), ("", 1280, 800)] {
            try resize(width: width, height: height, isPhone: width < 500)
            #expect(try run("document.documentElement.scrollWidth <= \(width)") as? Bool == true, "\(name)\(screen)")
            guard let folder else { continue }
            for (color, isDark) in [("-dark", true), ("", false)] {
                try prefer(dark: isDark)
                let file = folder.appendingPathComponent("\(name)\(screen)\(color).png")
                try screenshot().write(to: file)
            }
        }
    }
}
