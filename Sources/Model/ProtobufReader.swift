package import Foundation

/// Reads the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), one message at a time.
package enum ProtobufReader {
    package enum Value: Sendable {
        /// A whole number, wire type 0.
        case number(UInt64)
        /// Text, bytes or an encoded message, wire type 2.
        case bytes(Data)
        /// Four or eight bytes as they are, wire types 5 and 1.
        case fixed(Data)
    }

    package struct Field: Sendable {
        package let number: Int
        package let value: Value

        /// The text or message in this field, if it is one.
        package var bytes: Data? {
            if case .bytes(let bytes) = value { return bytes }
            return nil
        }

        package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

        package var integer: Int? {
            if case .number(let number) = value { return Int(truncatingIfNeeded: number) }
            return nil
        }
    }

    /// The fields of a message in the order they are written, or nil where the bytes are no message.
    package static func fields(of message: Data) -> [Field]? {
        var rest = message
        var fields: [Field] = []
        while !rest.isEmpty {
            guard let key = takeNumber(from: &rest), key >> 3 > 0, key >> 3 < 1 << 29 else { return nil }
            let value: Value?
            switch key & 7 {
            case 0: value = takeNumber(from: &rest).map(Value.number)
            case 1: value = take(8, from: &rest).map(Value.fixed)
            case 2: value = takeNumber(from: &rest).flatMap { take($0, from: &rest) }.map(Value.bytes)
            case 5: value = take(4, from: &rest).map(Value.fixed)
            default: value = nil
            }
            guard let value else { return nil }
            fields.append(Field(number: Int(key >> 3), value: value))
        }
        return fields
    }

    /// Whole numbers packed into bytes.
    package static func numbers(_ packed: Data) -> [Int]? {
        var rest = packed
        var numbers: [Int] = []
        while !rest.isEmpty {
            guard let number = takeNumber(from: &rest) else { return nil }
            numbers.append(Int(truncatingIfNeeded: number))
        }
        return numbers
    }

    private static func takeNumber(from rest: inout Data) -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
        }
        return nil
    }

    private static func take(_ count: UInt64, from rest: inout Data) -> Data? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }
}

extension ProtobufWriter {
    /// A field as it was read.
    package mutating func write(_ field: ProtobufReader.Field) {
        switch field.value {
        case .number(let number): write(field.number, Int64(bitPattern: number))
        case .bytes(let bytes): write(field.number, bytes)
        case .fixed(let bytes): writeFixed(field.number, bytes)
        }
    }
}
