import Testing

@testable import Stylize

@Suite("Patterns of files")
struct GlobPatternTests {
    @Test(
        "a pattern stands for the paths it should",
        arguments: [
            ("*.npy", "a.npy", true), ("*.npy", "deep/er/a.npy", true), ("*.npy", "a.npz", false),
            ("masks/", "masks/a.png", true), ("masks/", "train/masks/deep/a.png", true), ("masks/", "masks.png", false),
            ("depth/**/*.png", "depth/a.png", true), ("depth/**/*.png", "depth/x/y/a.png", true),
            ("depth/**/*.png", "x/depth/a.png", false), ("depth/*.png", "depth/x/a.png", false),
            ("a?.png", "ab.png", true), ("a?.png", "a/.png", false), ("./top.png", "top.png", true),
            ("[a-c].png", "b.png", true), ("[!a-c].png", "b.png", false), ("[!a-c].png", "d.png", true),
            ("a+(b).png", "a+(b).png", true), ("a.png", "aXpng", false), ("[", "[", true), ("**", "x/y", true),
        ])
    func matches(pattern: String, path: String, expected: Bool) {
        #expect(GlobPattern(pattern).matches(path) == expected)
    }
}
