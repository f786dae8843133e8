/// Vectors that describe patches of pictures, each patch with the number of the picture it was cut from.
package struct PatchSet: Sendable {
    /// Numbers in each vector.
    package let length: Int
    /// Vector after vector.
    package private(set) var values: [Float] = []
    /// For each vector the picture it comes from.
    package private(set) var pictures: [Int] = []

    package init(length: Int) {
        precondition(length > 0)
        self.length = length
    }

    package var count: Int { pictures.count }
    package var pictureCount: Int { Set(pictures).count }

    package mutating func add(_ vector: [Float], from picture: Int) {
        precondition(vector.count == length)
        values += vector
        pictures.append(picture)
    }

    /// Returns the set with every dimension moved by `offset` and divided by `scale`.
    func standardized(offset: [Float], scale: [Float]) -> PatchSet {
        var result = self
        for patch in 0..<count {
            for dimension in 0..<length {
                let index = patch * length + dimension
                result.values[index] = (values[index] - offset[dimension]) / scale[dimension]
            }
        }
        return result
    }
}
