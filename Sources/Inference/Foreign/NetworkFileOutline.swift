internal import Foundation
internal import Frames

/// The outline of a network's file: enough to tell whether it can be what its name says.
///
/// OpenVINO tries every format it knows on a file that is not what it is named, and the libraries it asks print
/// complaints on standard error.
enum NetworkFileOutline {
    /// - Throws: `.data` where the file is not in the format of its extension, or is cut short.
    static func check(_ file: URL) throws(SakugaError) {
        let failure = "cannot read network '\(file.path)'"
        guard let data = try? Data(contentsOf: file, options: .mappedIfSafe) else {
            throw SakugaError(.noInput, "\(failure): permission denied", hint: "make the file readable for you")
        }
        let (name, isWhole) =
            switch file.pathExtension.lowercased() {
            // The file identifier of the FlatBuffers schema (tensorflow/lite/schema/schema.fbs).
            case "tflite": ("TensorFlow Lite", data.dropFirst(4).prefix(4).elementsEqual("TFL3".utf8))
            // ModelProto.graph (onnx/onnx.proto).
            case "onnx": ("ONNX", fields(of: data)?.contains(7) == true)
            // GraphDef.node (tensorflow/core/framework/graph.proto).
            default: ("TensorFlow", fields(of: data)?.contains(1) == true)
            }
        guard isWhole else {
            throw SakugaError(
                .data, "\(failure): it is not in \(name)'s format, or cut short", hint: "try to get the file again")
        }
    }

    /// The numbers of the fields at the top of a protobuf message; nil where the bytes are no such message. See
    /// https://protobuf.dev/programming-guides/encoding.
    private static func fields(of data: Data) -> Set<Int>? {
        data.withUnsafeBytes { bytes in
            var fields = Set<Int>()
            var place = 0
            func number() -> UInt64? {
                var value: UInt64 = 0
                for shift in stride(from: UInt64(0), to: 64, by: 7) {
                    guard place < bytes.count else { return nil }
                    let byte = bytes[place]
                    place += 1
                    value |= UInt64(byte & 0x7F) << shift
                    if byte < 0x80 { return value }
                }
                return nil
            }
            while place < bytes.count {
                guard let tag = number(), tag >> 3 > 0, tag >> 3 < 1 << 29 else { return nil }
                fields.insert(Int(tag >> 3))
                var length: UInt64 = 0
                switch tag & 7 {
                case 0: guard number() != nil else { return nil }
                case 1: length = 8
                case 2:
                    guard let declared = number() else { return nil }
                    length = declared
                case 5: length = 4
                default: return nil
                }
                guard length <= UInt64(bytes.count - place) else { return nil }
                place += Int(length)
            }
            return fields
        }
    }
}
