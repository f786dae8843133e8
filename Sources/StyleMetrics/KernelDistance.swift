internal import CPixels

/// Kernel inception distance (Bińkowski et al., "Demystifying MMD GANs", ICLR 2018): an unbiased estimate of the squared
/// maximum mean discrepancy between two sets of vectors with the polynomial kernel `k(x, y) = (x·y/d + 1)³` (their eq. 3
/// and 4, and section 4):
///
///     MMD² = mean k(x, x') + mean k(y, y') − 2 mean k(x, y)
///
/// The means within a set go over pairs of patches from *different* pictures instead of over pairs of different patches:
/// patches of one picture resemble each other, and would make any two sets of few pictures look far apart. With one patch
/// a picture it is their estimate exactly. It is 0 on average where both sets come from one distribution, and then as
/// often below as above.
package struct KernelDistance: Sendable {
    /// Sums of the kernel over pairs of patches, by pairs of pictures.
    private struct Sums: Sendable {
        let rows: Int
        let columns: Int
        private(set) var values: [Double]

        subscript(row: Int, column: Int) -> Double { values[row * columns + column] }

        init(_ a: PatchSet, _ b: PatchSet, _ aNumbers: [Int], _ bNumbers: [Int]) {
            rows = (aNumbers.max() ?? -1) + 1
            columns = (bNumbers.max() ?? -1) + 1
            values = Array(repeating: 0, count: rows * columns)
            var similarities = [Float](repeating: 0, count: a.count * b.count)
            pixels_cubic_similarities(a.values, a.count, b.values, b.count, a.length, &similarities)
            for i in 0..<a.count {
                for j in 0..<b.count {
                    values[aNumbers[i] * columns + bNumbers[j]] += Double(similarities[i * b.count + j])
                }
            }
        }
    }

    private let withinX: Sums
    private let withinY: Sums
    private let across: Sums
    private let countsX: [Double]
    private let countsY: [Double]

    /// Pictures in each set.
    package var pictureCounts: (x: Int, y: Int) { (countsX.count, countsY.count) }

    /// Both sets need patches of two pictures at least.
    package init(_ x: PatchSet, _ y: PatchSet) {
        precondition(x.length == y.length && x.length <= 4096 && x.pictureCount > 1 && y.pictureCount > 1)
        let (numbersX, numbersY) = (Self.consecutive(x.pictures), Self.consecutive(y.pictures))
        withinX = Sums(x, x, numbersX, numbersX)
        withinY = Sums(y, y, numbersY, numbersY)
        across = Sums(x, y, numbersX, numbersY)
        countsX = Self.counts(numbersX)
        countsY = Self.counts(numbersY)
    }

    /// The estimate over all pictures.
    package var value: Double { value(of: Array(countsX.indices), Array(countsY.indices)) }

    /// The estimate over some of the pictures of each set, at least two of each.
    package func value(of x: [Int], _ y: [Int]) -> Double {
        var sum = 0.0
        var pairs = 0.0
        for i in x {
            for j in y {
                sum += across[i, j]
                pairs += countsX[i] * countsY[j]
            }
        }
        return Self.mean(withinX, countsX, x) + Self.mean(withinY, countsY, y) - 2 * sum / pairs
    }

    private static func mean(_ sums: Sums, _ counts: [Double], _ chosen: [Int]) -> Double {
        var sum = 0.0
        var pairs = 0.0
        for i in chosen {
            for j in chosen where j != i {
                sum += sums[i, j]
                pairs += counts[i] * counts[j]
            }
        }
        return sum / pairs
    }

    /// The pictures numbered anew from 0, in the order in which they appear.
    private static func consecutive(_ pictures: [Int]) -> [Int] {
        var numbers: [Int: Int] = [:]
        return pictures.map { picture in
            let number = numbers[picture] ?? numbers.count
            numbers[picture] = number
            return number
        }
    }

    private static func counts(_ numbers: [Int]) -> [Double] {
        var counts = [Double](repeating: 0, count: (numbers.max() ?? -1) + 1)
        for number in numbers { counts[number] += 1 }
        return counts
    }
}
