package import Foundation

extension Data {
    /// The bytes of numbers as files hold them. Every platform Sakuga runs on is little-endian, so they are copied whole.
    package init<Number: BitwiseCopyable>(littleEndian numbers: [Number]) {
        precondition(1.littleEndian == 1, "a little-endian platform")
        self = numbers.withUnsafeBytes { Data($0) }
    }
}
