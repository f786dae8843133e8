import ArgumentParser

/// A picture's size on the command line: `640x360`, width first, in pixels.
struct PixelSize: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
    var width: Int
    var height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    init?(argument: String) {
        let sides = argument.split(omittingEmptySubsequences: false) { $0 == "x" || $0 == "X" || $0 == "×" }
        // Int would also read a sign.
        guard sides.count == 2, sides.allSatisfy({ $0.allSatisfy(\.isNumber) }) else { return nil }
        guard let width = Int(sides[0]), let height = Int(sides[1]), width > 0, height > 0 else { return nil }
        self.init(width: width, height: height)
    }

    var description: String { "\(width)x\(height)" }
}
