package import StyleMetrics

/// What `StyleEvaluation` found.
package struct StyleReport: Codable, Sendable {
    /// The preset with its size, or the name of the foreign generator.
    package var generator: String
    /// Precision of the generator's and VGG16's numbers.
    package var precision: String
    /// Longer side of the pictures that were judged, in pixels.
    package var side: Int
    package var photos: Int
    /// Patches of 128×128 pixels from the photographs, and from the drawings.
    package var patches: Int
    /// One for each body of art.
    package var styles: [Style]
    /// Cosine between relu4_3 of a photograph and of its drawing, whole pictures (`FeatureFigures.cosine`).
    package var contentSimilarity: Spread
    package var edges: Edges
    /// Nil for foreign generators, which have one look.
    package var diversity: Diversity?
    package var equivariance: Equivariance
    package var cost: Cost

    /// How near the drawings come to a body of art.
    package struct Style: Codable, Sendable {
        /// The folder.
        package var art: String
        package var pictures: Int
        package var patches: Int
        /// Kernel inception distance to the art over style statistics (`StyleDistance`).
        package var kernelDistance: Distance
        /// Relative distance of the mean grey-scale Gram matrices of whole pictures to the art's, mean over four layers
        /// (`MeanGram`).
        package var gramDistance: Distance
        package var edges: EdgeMeter.Figures
    }

    package struct Distance: Codable, Sendable {
        package typealias Figure = StyleDistance.Estimate

        package var drawings: Figure
        package var photos: Figure
        /// Drawings over photographs: below 1 they have come nearer to the art.
        package var ratio: Figure?
    }

    package struct Spread: Codable, Sendable {
        package var mean: Double
        package var least: Double
    }

    package struct Edges: Codable, Sendable {
        package typealias Figures = EdgeMeter.Figures

        package var photos: Figures
        package var drawings: Figures
    }

    /// How far drawings of one photograph with seeds 1 to 4 lie from each other, mean over pairs and photographs.
    package struct Diversity: Codable, Sendable {
        package var photos: Int
        package var seeds: Int
        /// Root mean square difference on 0…1.
        package var rms: Double
        /// Mean over four layers of VGG16 of 1 − cosine.
        package var perceptual: Double
    }

    /// ‖G(W x + n) − W G(x)‖: how far the drawing of a moved and noised photograph is from the moved drawing.
    package struct Equivariance: Codable, Sendable {
        package var photos: Int
        package var motions: Int
        /// Standard deviation of the noise n, in levels.
        package var noise: Double
        /// Root mean square on 0…1 over the inside of all pictures.
        package var error: Double
        /// The same without noise.
        package var motionError: Double
        /// The same without motion: ‖G(x + n) − G(x)‖.
        package var noiseError: Double
        /// For shifts by whole pixels, which need no interpolation, without noise.
        package var shiftError: Double
    }

    package struct Cost: Codable, Sendable {
        package var width: Int
        package var height: Int
        /// Multiply-adds for a frame in 10⁹, and parameters; nil for foreign generators.
        package var gigaMACs: Double?
        package var parameters: Int?
        /// Of the generator alone, all cores: wall time over frames.
        package var millisecondsPerFrame: Double
    }
}
