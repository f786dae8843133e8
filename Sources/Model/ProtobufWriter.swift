package import Foundation

/// Writes the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), as much of it as ONNX
/// needs.
package struct ProtobufWriter {
    package private(set) var data = Data()

    package init() {}

    /// A whole number, wire type 0.
    package mutating func write(_ field: Int, _ value: Int64) {
        writeVarint(UInt64(field) << 3)
        writeVarint(UInt64(bitPattern: value))
    }

    /// A 32-bit floating-point number, wire type 5.
    package mutating func write(_ field: Int, float value: Float) {
        writeFixed(field, withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) })
    }

    /// Four or eight bytes as they are, wire type 5 or 1.
    package mutating func writeFixed(_ field: Int, _ bytes: Data) {
        precondition(bytes.count == 4 || bytes.count == 8)
        writeVarint(UInt64(field) << 3 | (bytes.count == 4 ? 5 : 1))
        data.append(bytes)
    }

    /// Text, wire type 2.
    package mutating func write(_ field: Int, _ text: String) {
        write(field, Data(text.utf8))
    }

    /// Bytes or an encoded message, wire type 2.
    package mutating func write(_ field: Int, _ bytes: Data) {
        writeVarint(UInt64(field) << 3 | 2)
        writeVarint(UInt64(bytes.count))
        data.append(bytes)
    }

    /// A message, wire type 2.
    package mutating func writeMessage(_ field: Int, _ build: (inout ProtobufWriter) -> Void) {
        var message = ProtobufWriter()
        build(&message)
        write(field, message.data)
    }

    private mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        data.append(UInt8(rest))
    }
}
