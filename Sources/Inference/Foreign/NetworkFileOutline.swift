internal import Foundation
internal import Frames
internal import Model

/// The outline of a network's file: enough to tell whether it can be what its name says.
///
/// OpenVINO tries every format it knows on a file that is not what it is named, and the libraries it asks print
/// complaints on standard error.
enum NetworkFileOutline {
    /// - Throws: `.data` where the file is not in the format of its extension, or is cut short.
    static func check(_ data: Data, of file: URL) throws(SakugaError) {
        let failure = "cannot read network '\(file.path)'"
        let (name, isWhole) =
            switch file.pathExtension.lowercased() {
            // The file identifier of the FlatBuffers schema (tensorflow/lite/schema/schema.fbs).
            case "tflite": ("TensorFlow Lite", data.dropFirst(4).prefix(4).elementsEqual("TFL3".utf8))
            // ModelProto.graph (onnx/onnx.proto).
            case "onnx": ("ONNX", has(7, in: data))
            // GraphDef.node (tensorflow/core/framework/graph.proto).
            default: ("TensorFlow", has(1, in: data))
            }
        guard isWhole else {
            throw SakugaError(
                .data, "\(failure): it is not in \(name)'s format, or cut short", hint: "try to get the file again")
        }
    }

    private static func has(_ field: Int, in message: Data) -> Bool {
        ProtobufReader.fields(of: message)?.contains { $0.number == field } == true
    }
}
