package import Foundation

/// Takes pairs of transpositions out of an .onnx file where only arithmetic lies between them.
///
/// Networks that come from TensorFlow are full of `Transpose` to interleaved order and back around a division or product
/// per channel (AnimeGANv3's last layer is one), and each moves the whole picture: a sixth of the time of AnimeGANv3 tiny.
/// Arithmetic per channel is the same in either order, with the channel's numbers reshaped from [1, 1, 1, C] to
/// [1, C, 1, 1], so both are left out.
package struct TransposeSinking {
    private var nodes: [Node] = []
    private var initializers: [ProtobufReader.Field] = []
    private let otherFields: [ProtobufReader.Field]
    private let outputNames: Set<String>
    private var constants: [String: Constant] = [:]
    private var additions: [String: [Node]] = [:]

    /// The file without such pairs, or nil where there is none or the file is not understood.
    package static func sunk(_ file: Data) -> Data? {
        guard let model = ProtobufReader.fields(of: file),
            let place = model.firstIndex(where: { $0.number == 7 }), let graph = model[place].bytes,
            var sinking = TransposeSinking(graph), sinking.removePairs()
        else { return nil }
        var writer = ProtobufWriter()
        for (index, field) in model.enumerated() {
            if index == place {
                writer.write(7, sinking.encoded())
            } else {
                writer.write(field)
            }
        }
        return writer.data
    }

    private init?(_ graph: Data) {
        guard let fields = ProtobufReader.fields(of: graph) else { return nil }
        // Notes on the shapes of what is between nodes (13) would no longer be true.
        otherFields = fields.filter { ![1, 5, 13].contains($0.number) }
        outputNames = Set(
            fields.filter { $0.number == 12 }.compactMap {
                $0.bytes.flatMap(ProtobufReader.fields)?.first { $0.number == 1 }?.text
            })
        for field in fields {
            guard let bytes = field.bytes else { return nil }
            if field.number == 1 {
                guard let node = Node(bytes) else { return nil }
                nodes.append(node)
            } else if field.number == 5 {
                guard let constant = Constant.decoded(bytes) else { return nil }
                initializers.append(field)
                constants[constant.name] = constant
            }
        }
    }

    /// Removes all pairs and returns whether there was one.
    private mutating func removePairs() -> Bool {
        var found = false
        for first in nodes.indices where nodes[first].permutation == [0, 2, 3, 1] {
            guard let chain = chain(after: first) else { continue }
            sink(first, chain)
            found = true
        }
        return found
    }

    /// The nodes from behind the first transposition to the one that undoes it, if all between is arithmetic per channel
    /// and nobody else looks at it.
    private func chain(after first: Int) -> [Int]? {
        var chain: [Int] = []
        var name = nodes[first].outputs.first ?? ""
        while chain.count < 100 {
            let users = nodes.indices.filter { nodes[$0].inputs.contains(name) }
            guard users.count == 1, let user = users.first, !outputNames.contains(name),
                let output = nodes[user].outputs.first, nodes[user].outputs.count == 1
            else { return nil }
            chain.append(user)
            if nodes[user].permutation == [0, 3, 1, 2] { return chain }
            guard nodes[user].isArithmetic else { return nil }
            for other in nodes[user].inputs where other != name {
                guard planes(of: other) != nil else { return nil }
            }
            name = output
        }
        return nil
    }

    private mutating func sink(_ first: Int, _ chain: [Int]) {
        let source = nodes[first].inputs[0]
        var name = nodes[first].outputs[0]
        var replacement = source
        for index in chain {
            guard nodes[index].permutation == nil else {
                // The second transposition: whoever read it reads what comes before it.
                nodes[index].becomeIdentity(of: replacement)
                break
            }
            let inputs = nodes[index].inputs
            for (position, input) in inputs.enumerated() {
                if input == name {
                    nodes[index].inputs[position] = replacement
                } else if let planes = planes(of: input) {
                    nodes[index].inputs[position] = add(planes, before: index)
                }
            }
            name = nodes[index].outputs[0]
            replacement = name
        }
        nodes[first].isRemoved = true
    }

    /// How an operand of shape [1, 1, 1, C] becomes one of [1, C, 1, 1].
    private enum Planes {
        /// It is the same in either order.
        case asItIs(String)
        /// A constant with another shape.
        case constant(Constant, channels: Int)
        /// The result of a `Reshape`, which is given another shape.
        case reshaped(Node, channels: Int)
    }

    private func planes(of name: String) -> Planes? {
        if let constant = constants[name] {
            if constant.dimensions.allSatisfy({ $0 == 1 }) { return .asItIs(name) }
            guard let channels = Self.channels(constant.dimensions) else { return nil }
            return .constant(constant, channels: channels)
        }
        guard let reshape = nodes.first(where: { $0.outputs == [name] }), reshape.operation == "Reshape",
            reshape.inputs.count == 2, reshape.attributes.isEmpty, let shape = constants[reshape.inputs[1]]?.integers,
            shape.count == 4, let channels = Self.channels(shape)
        else { return nil }
        return .reshaped(reshape, channels: channels)
    }

    /// The last of some lengths if all before it are 1.
    private static func channels(_ lengths: [Int]) -> Int? {
        guard let last = lengths.last, lengths.count <= 4, lengths.dropLast().allSatisfy({ $0 == 1 }) else {
            return nil
        }
        return last
    }

    private mutating func add(_ planes: Planes, before index: Int) -> String {
        switch planes {
        case .asItIs(let name): return name
        case .constant(let constant, let channels):
            let name = constant.name + ".planes"
            if constants[name] == nil { append(constant.reshaped([1, channels, 1, 1], named: name)) }
            return name
        case .reshaped(var reshape, let channels):
            let name = reshape.outputs[0] + ".planes"
            if constants[name + ".shape"] == nil {
                append(Constant(integers: [1, channels, 1, 1], named: name + ".shape"))
                reshape.inputs[1] = name + ".shape"
                reshape.rename(to: name)
                additions[nodes[index].outputs[0], default: []].append(reshape)
            }
            return name
        }
    }

    private mutating func append(_ constant: Constant) {
        constants[constant.name] = constant
        initializers.append(.init(5, constant.encoded))
    }

    private func encoded() -> Data {
        var writer = ProtobufWriter()
        for node in nodes where !node.isRemoved {
            for addition in additions[node.outputs.first ?? ""] ?? [] { writer.write(1, addition.encoded) }
            writer.write(1, node.encoded)
        }
        for initializer in initializers { writer.write(initializer) }
        for field in otherFields { writer.write(field) }
        return writer.data
    }
}

/// `NodeProto`: an operator with the names of what it reads and makes.
private struct Node {
    var inputs: [String]
    let outputs: [String]
    private(set) var name: String
    private(set) var operation: String
    private(set) var attributes: [Data]
    private let domain: [ProtobufReader.Field]
    var isRemoved = false
    private var renamed: String?

    init?(_ message: Data) {
        guard let fields = ProtobufReader.fields(of: message) else { return nil }
        inputs = fields.filter { $0.number == 1 }.compactMap(\.text)
        outputs = fields.filter { $0.number == 2 }.compactMap(\.text)
        name = fields.first { $0.number == 3 }?.text ?? ""
        operation = fields.first { $0.number == 4 }?.text ?? ""
        attributes = fields.filter { $0.number == 5 }.compactMap(\.bytes)
        domain = fields.filter { $0.number == 7 }
    }

    var isArithmetic: Bool {
        let operations: Set = ["Add", "Sub", "Mul", "Div", "Relu", "LeakyRelu", "Tanh", "Sigmoid", "Neg", "Sqrt"]
        return operations.contains(operation) && (domain.first?.text ?? "").isEmpty
    }

    /// The order of axes if this is a transposition.
    var permutation: [Int]? {
        guard operation == "Transpose", inputs.count == 1 else { return nil }
        for attribute in attributes {
            guard let fields = ProtobufReader.fields(of: attribute), fields.first?.text == "perm" else { continue }
            return fields.filter { $0.number == 8 }.flatMap(\.integers)
        }
        return nil
    }

    mutating func becomeIdentity(of input: String) {
        (operation, attributes, inputs) = ("Identity", [], [input])
    }

    mutating func rename(to output: String) {
        (renamed, name) = (output, output)
    }

    var encoded: Data {
        var writer = ProtobufWriter()
        for input in inputs { writer.write(1, input) }
        for output in renamed.map({ [$0] }) ?? outputs { writer.write(2, output) }
        writer.write(3, name)
        writer.write(4, operation)
        for attribute in attributes { writer.write(5, attribute) }
        for field in domain { writer.write(field) }
        return writer.data
    }
}

/// `TensorProto`: a constant.
private struct Constant {
    let name: String
    let dimensions: [Int]
    private let fields: [ProtobufReader.Field]

    /// The constant in a message, or nil where it is none, or lies in another file, which would not be found from memory.
    static func decoded(_ message: Data) -> Constant? {
        guard let fields = ProtobufReader.fields(of: message),
            !fields.contains(where: { $0.number == 14 && $0.integer == 1 })
        else { return nil }
        let dimensions = fields.filter { $0.number == 1 }.flatMap(\.integers)
        return Constant(fields, dimensions, named: fields.first { $0.number == 8 }?.text ?? "")
    }

    init(integers: [Int], named name: String) {
        self.name = name
        dimensions = [integers.count]
        fields = [
            .init(2, Int(ONNXGraph.ElementType.int64.rawValue)),
            .init(9, Data(littleEndian: integers.map(Int64.init))),
        ]
    }

    private init(_ fields: [ProtobufReader.Field], _ dimensions: [Int], named name: String) {
        (self.fields, self.dimensions, self.name) = (fields, dimensions, name)
    }

    func reshaped(_ dimensions: [Int], named name: String) -> Constant { Constant(fields, dimensions, named: name) }

    /// The numbers, if they are whole ones of 64 bits.
    var integers: [Int]? {
        guard fields.first(where: { $0.number == 2 })?.integer == Int(ONNXGraph.ElementType.int64.rawValue) else {
            return nil
        }
        if let raw = fields.first(where: { $0.number == 9 })?.bytes, raw.count % 8 == 0 {
            return raw.withUnsafeBytes { bytes in
                (0..<bytes.count / 8).map {
                    Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)))
                }
            }
        }
        return fields.filter { $0.number == 7 }.flatMap(\.integers)
    }

    var encoded: Data {
        var writer = ProtobufWriter()
        for length in dimensions { writer.write(1, Int64(length)) }
        for field in fields where field.number != 1 && field.number != 8 { writer.write(field) }
        writer.write(8, name)
        return writer.data
    }
}
