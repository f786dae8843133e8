internal import Frames

/// What a generator looks like: the object `generator` of `preset.json`, version 1.
///
/// A U of convolutions over one to five scales. `widths` says how many channels each scale has (a wider or
/// deeper U is a matter of numbers), `residual_blocks` how many residual blocks follow on the way down, and the optional
/// `decoder_blocks` how many on the way up; `picture_skip` adds the picture at the end. `layers` spells it out.
package struct GeneratorDescription: Sendable, Equatable {
    /// One step of the U, by its fraction of the picture's sides.
    package enum Scale: String, CaseIterable, Sendable {
        /// Without `full`, 2×2 pixels at a time enter and leave the U as channels: fast, but what is drawn then depends on
        /// whether an edge lies on an odd or an even pixel.
        case full, half, quarter, eighth, sixteenth

        /// What the picture's sides are divided by: 1, 2, 4, 8, 16.
        package var reduction: Int { 1 << index }
        var index: Int { Scale.allCases.firstIndex(of: self) ?? 0 }
    }

    /// Length of the style code `z`.
    package var styleDimensions: Int
    /// Widths of the linear layers that map `z` to the style vector; the last is the style vector's length.
    package var mapping: [Int]
    /// Channels at each scale, from `full` or `half` downwards without a gap.
    package var widths: [Scale: Int]
    /// Residual blocks at each scale on the way down.
    package var residualBlocks: [Scale: Int]
    /// Residual blocks at each scale on the way up, after the skip connection is added.
    package var decoderBlocks: [Scale: Int]
    /// The network makes what is added to the picture instead of the whole drawing, so that detail that stays need not
    /// pass through the U, and moves along with the picture exactly.
    package var pictureSkip: Bool

    package static let version = 1

    /// Checks sizes before anything is built from them.
    ///
    /// - Throws: `.data` with a sentence that names the number and its range.
    package init(
        styleDimensions: Int, mapping: [Int], widths: [Scale: Int], residualBlocks: [Scale: Int],
        decoderBlocks: [Scale: Int] = [:], pictureSkip: Bool = false
    ) throws {
        self.styleDimensions = styleDimensions
        self.mapping = mapping
        self.widths = widths
        self.residualBlocks = residualBlocks
        self.decoderBlocks = decoderBlocks
        self.pictureSkip = pictureSkip
        try validate()
    }

    /// Scales of the U from the finest to the coarsest.
    package var scales: [Scale] { Scale.allCases.filter { widths[$0] != nil } }

    /// Sides of the pictures given to the network are multiples of this, in pixels: 8, or 16 for a U down to `sixteenth`.
    package var alignment: Int { max(8, scales.last?.reduction ?? 2) }
}

extension GeneratorDescription {
    private func validate() throws {
        try check(styleDimensions, in: 1...512, "style_dimensions")
        try check(mapping.count, in: 1...8, "the number of mapping layers")
        for width in mapping { try check(width, in: 1...1024, "a width in mapping") }
        for (scale, width) in widths { try check(width, in: 1...1024, "widths.\(scale.rawValue)") }
        for (scale, count) in residualBlocks { try check(count, in: 0...64, "residual_blocks.\(scale.rawValue)") }
        for (scale, count) in decoderBlocks { try check(count, in: 0...64, "decoder_blocks.\(scale.rawValue)") }
        let finest = widths[.full] == nil ? 1 : 0
        guard !widths.isEmpty, scales == Array(Scale.allCases.dropFirst(finest).prefix(widths.count)) else {
            throw SakugaError(
                .data,
                "widths must be given from 'full' or 'half' downwards without a gap: "
                    + Scale.allCases.map(\.rawValue).joined(separator: ", "))
        }
        for scale in Scale.allCases where widths[scale] == nil {
            if let count = residualBlocks[scale] ?? decoderBlocks[scale], count > 0 {
                throw SakugaError(.data, "residual blocks at scale '\(scale.rawValue)', which has no width")
            }
        }
    }

    private func check(_ value: Int, in range: ClosedRange<Int>, _ what: String) throws {
        guard range.contains(value) else {
            throw SakugaError(
                .data, "\(what) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

extension GeneratorDescription: Codable {
    private enum CodingKeys: String, CodingKey {
        case version, mapping, widths
        case styleDimensions = "style_dimensions"
        case residualBlocks = "residual_blocks"
        case decoderBlocks = "decoder_blocks"
        case pictureSkip = "picture_skip"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let version = try container.decode(Int.self, forKey: .version)
        guard version == Self.version else {
            throw SakugaError(
                .data, "generator version \(version) is not known, expected \(Self.version)",
                hint: "a newer Sakuga may read it")
        }
        try self.init(
            styleDimensions: container.decode(Int.self, forKey: .styleDimensions),
            mapping: container.decode([Int].self, forKey: .mapping),
            widths: Self.perScale(container.decode([String: Int].self, forKey: .widths), "widths"),
            residualBlocks: Self.perScale(
                container.decode([String: Int].self, forKey: .residualBlocks), "residual_blocks"),
            decoderBlocks: Self.perScale(
                container.decodeIfPresent([String: Int].self, forKey: .decoderBlocks) ?? [:], "decoder_blocks"),
            pictureSkip: container.decodeIfPresent(Bool.self, forKey: .pictureSkip) ?? false)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.version, forKey: .version)
        try container.encode(styleDimensions, forKey: .styleDimensions)
        try container.encode(mapping, forKey: .mapping)
        try container.encode(Self.byName(widths), forKey: .widths)
        try container.encode(Self.byName(residualBlocks), forKey: .residualBlocks)
        if !decoderBlocks.isEmpty { try container.encode(Self.byName(decoderBlocks), forKey: .decoderBlocks) }
        if pictureSkip { try container.encode(true, forKey: .pictureSkip) }
    }

    private static func perScale(_ numbers: [String: Int], _ key: String) throws -> [Scale: Int] {
        var perScale: [Scale: Int] = [:]
        for (name, number) in numbers {
            guard let scale = Scale(rawValue: name) else {
                throw SakugaError(
                    .data, "\(key) names the scale '\(name)', expected full, half, quarter, eighth or sixteenth")
            }
            perScale[scale] = number
        }
        return perScale
    }

    private static func byName(_ numbers: [Scale: Int]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: numbers.map { ($0.key.rawValue, $0.value) })
    }
}
