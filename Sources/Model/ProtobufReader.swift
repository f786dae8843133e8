package import Foundation

/// Reads the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), one message at a time.
package enum ProtobufReader {
    /// How a field is written.
    package enum WireType: UInt64, Sendable {
        /// A whole number.
        case number = 0
        case eightBytes = 1
        /// Text, bytes or an encoded message.
        case bytes = 2
        case fourBytes = 5
    }

    package struct Field: Sendable {
        package let number: Int
        package let type: WireType
        /// The value of a whole number; 0 for other types.
        fileprivate let value: UInt64
        /// The bytes of other types; none for a whole number.
        fileprivate let payload: Data

        fileprivate init(number: Int, type: WireType, value: UInt64, payload: Data) {
            (self.number, self.type, self.value, self.payload) = (number, type, value, payload)
        }

        package init(_ number: Int, _ value: Int) {
            self.init(number: number, type: .number, value: UInt64(bitPattern: Int64(value)), payload: Data())
        }

        package init(_ number: Int, _ bytes: Data) {
            self.init(number: number, type: .bytes, value: 0, payload: bytes)
        }

        /// The text or message in this field, if it is one.
        package var bytes: Data? { type == .bytes ? payload : nil }

        package var text: String? { type == .bytes ? String(decoding: payload, as: UTF8.self) : nil }

        package var integer: Int? { type == .number ? Int(truncatingIfNeeded: value) : nil }

        /// The whole numbers of a repeated field, whether it is packed or not; empty where it is damaged.
        package var integers: [Int] {
            guard type == .bytes else { return integer.map { [$0] } ?? [] }
            var packed = payload
            var numbers: [Int] = []
            while let number = takeNumber(from: &packed) { numbers.append(Int(truncatingIfNeeded: number)) }
            return numbers
        }
    }

    /// The fields of a message in the order they are written, or nil where the bytes are no message.
    package static func fields(of message: Data) -> [Field]? {
        var rest = message
        var fields: [Field] = []
        while !rest.isEmpty {
            guard let key = takeNumber(from: &rest), key >> 3 > 0, key >> 3 < 1 << 29 else { return nil }
            guard let type = WireType(rawValue: key & 7) else { return nil }
            var value: UInt64 = 0
            var payload: Data? = Data()
            switch type {
            case .number:
                guard let number = takeNumber(from: &rest) else { return nil }
                value = number
            case .eightBytes: payload = take(8, from: &rest)
            case .fourBytes: payload = take(4, from: &rest)
            case .bytes:
                guard let length = takeNumber(from: &rest) else { return nil }
                payload = take(length, from: &rest)
            }
            guard let payload else { return nil }
            fields.append(Field(number: Int(key >> 3), type: type, value: value, payload: payload))
        }
        return fields
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
        switch field.type {
        case .number: write(field.number, Int64(bitPattern: field.value))
        case .bytes: write(field.number, field.payload)
        case .fourBytes, .eightBytes: writeFixed(field.number, field.payload)
        }
    }
}
