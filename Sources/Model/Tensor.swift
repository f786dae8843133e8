/// Numbers in row-major order with their shape, in 32-bit floating point whatever they were stored as.
package struct Tensor: Sendable, Equatable {
    /// Lengths along each axis; empty for a single number.
    package let shape: [Int]
    /// The elements; as many as the product of `shape`.
    package let values: [Float]

    package init(shape: [Int], values: [Float]) {
        precondition(shape.reduce(1, *) == values.count, "as many values as the shape says")
        self.shape = shape
        self.values = values
    }
}
