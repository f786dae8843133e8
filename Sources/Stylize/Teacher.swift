internal import Foundation
package import Frames
package import Inference
package import Model

/// Draws pictures of many sizes, one after the other, with a preset or a network from a file.
package final class Teacher {
    private enum Source {
        case preset(AnySizeGenerator)
        case foreign(URL, ModelRange?)
    }

    private let source: Source
    /// The generator of the last size, since pictures of one size come together.
    private var last: (width: Int, height: Int, generator: any FrameGenerator)?

    /// - Parameters:
    ///   - name: a preset, `NAME` or `NAME:SIZE`, or the path of a network's file.
    ///   - range: of a network's values; found out where it is nil.
    /// - Throws: `.noInput` or `.data` where there is neither.
    package init(_ name: String, range: ModelRange?, presets: PresetLibrary = PresetLibrary()) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), !isFolder.boolValue {
            source = .foreign(URL(fileURLWithPath: name), range)
        } else {
            let choice = try presets.preset(named: name)
            source = .preset(try AnySizeGenerator(preset: choice.preset, size: choice.size.name, seed: 0))
        }
    }

    /// The drawing of a picture, of the same size.
    package func drawing(of picture: PixelBuffer) throws -> PixelBuffer {
        let generator = try generator(width: picture.width, height: picture.height)
        let pool = FramePool(width: picture.width, height: picture.height, alignment: generator.alignment)
        let (input, output) = (pool.makeBuffer(), pool.makeBuffer())
        for y in 0..<picture.height {
            memcpy(input.bytes + y * input.stride, picture.bytes + y * picture.stride, picture.width * 3)
        }
        try generator.draw(input, into: output)
        return output
    }

    private func generator(width: Int, height: Int) throws -> any FrameGenerator {
        switch source {
        case .preset(let generator): return generator
        case .foreign(let file, let range):
            if let last, last.width == width, last.height == height { return last.generator }
            let made = try ForeignGenerator(model: file, range: range, width: width, height: height)
            last = (width, height, made)
            return made
        }
    }
}
