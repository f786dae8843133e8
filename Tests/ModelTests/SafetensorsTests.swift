import Foundation
import Frames
import Testing

@testable import Model

@Suite("Safetensors")
struct SafetensorsTests {
    @Test("what is written comes back, bit by bit")
    func roundTrip() throws {
        let file = Safetensors(
            tensors: [
                "b": Tensor(shape: [2, 3], values: [1, -2, .pi, 0, -0.0, 0x1p-140]),
                "a": Tensor(shape: [], values: [7]), "empty": Tensor(shape: [0, 4], values: []),
            ], metadata: ["format": "pt"])
        let back = try Safetensors(file.encoded())
        #expect(back.metadata == file.metadata)
        #expect(back.tensors == file.tensors)
        #expect(back.tensors["b"]?.values.map(\.bitPattern) == file.tensors["b"]?.values.map(\.bitPattern))
    }

    /// Bit patterns and values from IEEE 754.
    @Test("half precision and bfloat16 become single precision exactly")
    func shortFormats() throws {
        let half: [(UInt16, Float)] = [
            (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x0400, 0x1p-14), (0x0001, 0x1p-24), (0x83FF, -0x1.FF8p-15),
            (0x8000, -0.0), (0x7C00, .infinity), (0x3555, 0.333251953125),
        ]
        let brain: [(UInt16, Float)] = [(0x3F80, 1), (0xC0A0, -5), (0x7F80, .infinity), (0x0001, 0x1p-133)]
        for (type, cases) in [("F16", half), ("BF16", brain)] {
            let header = #"{"x":{"dtype":"\#(type)","shape":[\#(cases.count)],"data_offsets":[0,\#(cases.count * 2)]}}"#
            let body = cases.flatMap { [UInt8(truncatingIfNeeded: $0.0), UInt8($0.0 >> 8)] }
            let values = try #require(Safetensors(Self.file(header, body)).tensors["x"]).values
            #expect(values.map(\.bitPattern) == cases.map(\.1.bitPattern))
        }
    }

    /// Neighbours from IEEE 754: halfway goes to the even one.
    @Test("single precision becomes the nearest half precision")
    func rounding() throws {
        let cases: [(Float, Float)] = [
            (1, 1), (-0.1, -0.0999755859375), (1 + 0x1p-11, 1), (1 + 0x1.8p-10, 1 + 0x1p-9), (65519, 65504),
            (65520, .infinity), (0x1p-25, 0), (0x1.8p-24, 0x1p-23), (0x1.FFFp-15, 0x1p-14), (-0.0, -0.0),
        ]
        let file = Safetensors(tensors: ["x": Tensor(shape: [cases.count], values: cases.map(\.0))])
        let values = try #require(Safetensors(file.encoded(inHalf: true)).tensors["x"]).values
        #expect(values.map(\.bitPattern) == cases.map(\.1.bitPattern))
    }

    @Test(
        "damaged files are refused with a sentence",
        arguments: [
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "cut short"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, 8, "needs 4 bytes"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "needs 8 bytes"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "needs 8 bytes"),
            (#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8, "stored as I64"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#, 8, "impossible shape"),
            (
                #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "impossible shape"
            ),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 8, "1 data offsets"),
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8, "inside the tensor before it"
            ),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "with a gap before it"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "4 bytes after the last tensor"),
            (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "not the JSON object expected"),
            (#"[1,2]"#, 0, "not the JSON object expected"),
        ])
    func damaged(header: String, bodySize: Int, part: String) {
        let error = #expect(throws: SakugaError.self) {
            try Safetensors(Self.file(header, Array(repeating: 0, count: bodySize)))
        }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.code == .data)
    }

    @Test("a header longer than the file or than is sane is refused before it is read", arguments: [200, 1 << 40, -1])
    func header(length: Int64) {
        var data = Data()
        withUnsafeBytes(of: UInt64(bitPattern: length).littleEndian) { data.append(contentsOf: $0) }
        data.append(Data("{}".utf8))
        #expect(throws: SakugaError.self) { try Safetensors(data) }
    }

    @Test("no prefix of a good file is accepted, and none crashes")
    func truncated() throws {
        let whole = Safetensors(tensors: ["a": Tensor(shape: [4], values: [1, 2, 3, 4])]).encoded()
        for length in 0..<whole.count {
            #expect(throws: SakugaError.self) { try Safetensors(whole.prefix(length)) }
        }
    }

    @Test("a link to a file is followed, as caches of models have it; a folder is none")
    func links() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("links-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (file, link) = (folder.appendingPathComponent("blob"), folder.appendingPathComponent("x.safetensors"))
        try Safetensors(tensors: ["a": Tensor(shape: [1], values: [7])]).encoded().write(to: file)
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
        #expect(try Safetensors(contentsOf: link).tensors["a"]?.values == [7])
        #expect(throws: SakugaError.self) { try Safetensors(contentsOf: folder) }
    }

    @Test("a file that is not there is named")
    func missing() {
        let error = #expect(throws: SakugaError.self) {
            try Safetensors(contentsOf: URL(fileURLWithPath: "/nowhere/x.safetensors"))
        }
        #expect(error?.code == .noInput)
        #expect(error?.message.hasPrefix("cannot read weights '/nowhere/x.safetensors': ") == true)
    }

    private static func file(_ header: String, _ body: [UInt8]) -> Data {
        var data = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
        return data + Data(header.utf8) + Data(body)
    }
}
