package import Frames
internal import Inference
package import Model

/// Draws lists of pictures of mixed sizes with one generator, at full strength and without smoothing.
package struct Painter: Sendable {
    private let choice: GeneratorChoice
    private var request: StylizeRequest

    /// - Parameter drawing: says with what to draw; its input and output do not matter.
    /// - Throws: `.usage` or `.data` where there is no such preset or it is broken.
    package init(_ drawing: StylizeRequest, presets: PresetLibrary = PresetLibrary()) throws {
        request = drawing
        // Many sizes, each used once: they would push out of the cache what is used every day.
        request.inference.cacheFolder = nil
        choice = try GeneratorChoice(drawing, presets: presets)
    }

    init(_ request: StyleRequest, presets: PresetLibrary) throws {
        var drawing = StylizeRequest(input: "", output: nil, preset: request.preset ?? "")
        drawing.model = request.model
        drawing.modelRange = request.modelRange
        drawing.inference = request.inference
        try self.init(drawing, presets: presets)
    }

    /// The preset with its size, or the name of the foreign generator.
    var name: String {
        switch choice {
        case .preset(let choice): "\(choice.preset.name):\(choice.size.name)"
        case .foreign: choice.name
        }
    }

    /// The generator's description; nil for a foreign one.
    var description: GeneratorDescription? {
        if case .preset(let choice) = choice { choice.size.generator } else { nil }
    }

    func generator(width: Int, height: Int, seed: UInt64 = 0) throws -> any FrameGenerator {
        var request = request
        request.seed = seed
        return try choice.makeGenerator(request, width: width, height: height)
    }

    /// Returns the drawings in the order of the pictures. Each size is compiled once.
    package func drawings(of pictures: [PixelBuffer], seed: UInt64 = 0) throws -> [PixelBuffer] {
        var drawings: [Int: PixelBuffer] = [:]
        for group in SizeGroup.groups(of: pictures) {
            let generator = try generator(width: group.width, height: group.height, seed: seed)
            let pool = FramePool(width: group.width, height: group.height, alignment: generator.alignment)
            let drawn = try SideBySide.map(group.members.count, lanes: generator.concurrency) { index in
                let input = pool.makeBuffer()
                let picture = pictures[group.members[index]]
                for row in 0..<picture.height {
                    (input.bytes + row * input.stride).update(
                        from: picture.bytes + row * picture.stride, count: picture.width * 3)
                }
                let output = pool.makeBuffer()
                try generator.draw(input, into: output)
                return output
            }
            for (index, drawing) in zip(group.members, drawn) { drawings[index] = drawing }
        }
        return pictures.indices.compactMap { drawings[$0] }
    }
}

/// The pictures of one size in a list.
struct SizeGroup: Sendable {
    let width: Int
    let height: Int
    /// Places in the list.
    let members: [Int]

    static func groups(of pictures: [PixelBuffer]) -> [SizeGroup] {
        Dictionary(grouping: pictures.indices) { [pictures[$0].width, pictures[$0].height] }
            .map { SizeGroup(width: $0.key[0], height: $0.key[1], members: $0.value) }
            .sorted { $0.members[0] < $1.members[0] }
    }
}
