import Foundation
import Frames
import Model
import Testing

@testable import Training

/// Everything that needs libtorch, one test after the other: seeds belong to the process.
@Suite("Training", .serialized, .enabled(if: TorchLibrary.isThere, "the library of `make training` is not built"))
enum TrainingTests {}

enum TorchLibrary {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let path = root.appendingPathComponent(".deps/training/\(Torch.libraryName)").path
    static var isThere: Bool { FileManager.default.fileExists(atPath: path) }
    /// `make test-training` asks for the long form.
    static var isLong: Bool { ProcessInfo.processInfo.environment["SAKUGA_LONG_TESTS"] != nil }

    static func open() throws -> Torch {
        let torch = try Torch(path: path)
        // Fewer threads than cores: other tests run beside.
        torch.setThreads(1)
        return torch
    }
}

/// A number that no formula made: the same in every run.
func madeUp(_ count: Int, seed: UInt64 = 1, from low: Float = -1, to high: Float = 1) -> [Float] {
    var random = SplitMix64(state: seed)
    return (0..<count).map { _ in low + (high - low) * Float(random.uniform()) }
}
