package import Foundation

/// A network under construction in the ONNX format (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): nodes are
/// added in running order, `encoded` gives the file's bytes.
///
/// Operator set 13: the first with everything used here (`Resize` with half-pixel centres, `DepthToSpace` in PyTorch's
/// order, `Round`), and read by every runtime of the last years. IR version 8.
package struct ONNXGraph {
    /// Element types, with ONNX's numbers.
    package enum ElementType: Int64, Sendable {
        case float32 = 1
        case uint8 = 2
        case int64 = 7
        case float16 = 10
    }

    package enum Attribute: Sendable {
        case int(Int)
        case float(Float)
        case string(String)
        case ints([Int])
    }

    /// A length along an axis: a number, or a name where it is open.
    package enum Dimension: Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
        case fixed(Int)
        case open(String)

        package init(integerLiteral value: Int) { self = .fixed(value) }
        package init(stringLiteral value: String) { self = .open(value) }
    }

    private let name: String
    private var nodes: [Data] = []
    private var initializers: [Data] = []
    private var inputs: [Data] = []
    private var outputs: [Data] = []
    private var metadata: [(String, String)] = []

    package init(name: String) {
        self.name = name
    }

    package mutating func addInput(_ name: String, _ type: ElementType, _ shape: [Dimension]) {
        inputs.append(Self.valueInfo(name, type, shape))
    }

    package mutating func addOutput(_ name: String, _ type: ElementType, _ shape: [Dimension]) {
        outputs.append(Self.valueInfo(name, type, shape))
    }

    /// A key and value that tools show beside the graph.
    package mutating func addMetadata(_ key: String, _ value: String) {
        metadata.append((key, value))
    }

    /// Adds an operator and returns the name of what it makes, which is also the node's own.
    @discardableResult
    package mutating func add(
        _ operation: String, _ inputs: [String], to output: String, _ attributes: [(String, Attribute)] = []
    ) -> String {
        var node = ProtobufWriter()
        for input in inputs { node.write(1, input) }
        node.write(2, output)
        node.write(3, output)
        node.write(4, operation)
        for (name, value) in attributes {
            node.writeMessage(5) { Self.write(name, value, to: &$0) }
        }
        nodes.append(node.data)
        return output
    }

    /// Adds constant numbers and returns their name.
    @discardableResult
    package mutating func addConstant(_ name: String, shape: [Int], _ values: [Float]) -> String {
        addConstant(name, .float32, shape, Data(littleEndian: values))
    }

    /// Adds a constant list of whole numbers and returns its name.
    @discardableResult
    package mutating func addConstant(_ name: String, _ values: [Int]) -> String {
        addConstant(name, .int64, [values.count], Data(littleEndian: values.map(Int64.init)))
    }

    private mutating func addConstant(_ name: String, _ type: ElementType, _ shape: [Int], _ bytes: Data) -> String {
        var tensor = ProtobufWriter()
        for length in shape { tensor.write(1, Int64(length)) }
        tensor.write(2, type.rawValue)
        tensor.write(8, name)
        tensor.write(9, bytes)
        initializers.append(tensor.data)
        return name
    }

    /// The bytes of the .onnx file.
    package func encoded() -> Data {
        var model = ProtobufWriter()
        model.write(1, 8)
        model.write(2, "sakuga")
        model.writeMessage(7) { graph in
            for node in nodes { graph.write(1, node) }
            graph.write(2, name)
            for initializer in initializers { graph.write(5, initializer) }
            for input in inputs { graph.write(11, input) }
            for output in outputs { graph.write(12, output) }
        }
        model.writeMessage(8) { operatorSet in
            operatorSet.write(1, "")
            operatorSet.write(2, 13)
        }
        for (key, value) in metadata {
            model.writeMessage(14) { entry in
                entry.write(1, key)
                entry.write(2, value)
            }
        }
        return model.data
    }

    private static func valueInfo(_ name: String, _ type: ElementType, _ shape: [Dimension]) -> Data {
        var info = ProtobufWriter()
        info.write(1, name)
        info.writeMessage(2) { typeInfo in
            typeInfo.writeMessage(1) { tensor in
                tensor.write(1, type.rawValue)
                tensor.writeMessage(2) { dimensions in
                    for dimension in shape {
                        dimensions.writeMessage(1) { writer in
                            switch dimension {
                            case .fixed(let length): writer.write(1, Int64(length))
                            case .open(let name): writer.write(2, name)
                            }
                        }
                    }
                }
            }
        }
        return info.data
    }

    /// `AttributeProto`: name, value, and the number of the value's type.
    private static func write(_ name: String, _ value: Attribute, to writer: inout ProtobufWriter) {
        writer.write(1, name)
        switch value {
        case .float(let number):
            writer.write(2, float: number)
            writer.write(20, 1)
        case .int(let number):
            writer.write(3, Int64(number))
            writer.write(20, 2)
        case .string(let text):
            writer.write(4, text)
            writer.write(20, 3)
        case .ints(let numbers):
            for number in numbers { writer.write(8, Int64(number)) }
            writer.write(20, 7)
        }
    }
}
