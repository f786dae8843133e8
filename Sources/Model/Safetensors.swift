package import Foundation
internal import Frames

/// Named tensors in a file, in the safetensors format (https://huggingface.co/docs/safetensors): the length of a JSON
/// header in 8 bytes, the header with type, shape and place of each tensor, then the numbers, little-endian.
///
/// A file is trusted no more than any download: every number in the header is checked against the file before anything
/// is allocated from it.
package struct Safetensors: Sendable {
    package var tensors: [String: Tensor]
    /// The header's `__metadata__`.
    package var metadata: [String: String]

    package init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    private static let largestFile = 1 << 30
    private static let largestHeader = 16 << 20
    private static let metadataKey = "__metadata__"
}

// MARK: - Reading

extension Safetensors {
    /// Reads F32, F16 and BF16 tensors; all become F32 in memory.
    ///
    /// - Throws: `.noInput` where the file cannot be read, `.data` with a sentence that says what is wrong with it.
    package init(contentsOf url: URL) throws {
        let failure = "cannot read weights '\(url.path)'"
        let data: Data
        do {
            // Caches of models hold links to their files.
            let values = try url.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
            guard values.isRegularFile == true else { throw SakugaError(.noInput, "\(failure): not a file") }
            guard let size = values.fileSize, size <= Self.largestFile else {
                throw SakugaError(.data, "\(failure): larger than \(Self.largestFile >> 20) MiB")
            }
            data = try Data(contentsOf: url)
        } catch let error as SakugaError {
            throw error
        } catch {
            let isThere = FileManager.default.fileExists(atPath: url.path)
            throw SakugaError(.noInput, "\(failure): \(isThere ? "permission denied" : "no such file")")
        }
        do {
            try self.init(data)
        } catch let error as SakugaError {
            throw SakugaError(error.code, "\(failure): \(error.message)")
        }
    }

    /// Reads the bytes of a safetensors file.
    package init(_ data: Data) throws {
        guard data.count >= 8 else { throw SakugaError(.data, "not a safetensors file (\(data.count) bytes)") }
        let declared = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard declared >= 2, declared <= UInt64(Self.largestHeader), declared <= UInt64(data.count - 8) else {
            throw SakugaError(
                .data,
                "not a safetensors file, or cut short (a header of \(declared) bytes in a file of \(data.count) bytes)")
        }
        let header = data.dropFirst(8).prefix(Int(declared))
        let body = data.dropFirst(8 + Int(declared))
        let entries: [String: HeaderEntry]
        do {
            entries = try JSONDecoder().decode([String: HeaderEntry].self, from: Data(header))
        } catch let error as SakugaError {
            throw error
        } catch {
            throw SakugaError(.data, "not a safetensors file (its header is not the JSON object expected)")
        }
        metadata = [:]
        tensors = [:]
        var places: [(name: String, entry: TensorEntry)] = []
        for (name, entry) in entries {
            switch entry {
            case .metadata(let values): if name == Self.metadataKey { metadata = values }
            case .tensor(let entry): places.append((name, entry))
            }
        }
        try Self.checkPlaces(&places, bodySize: body.count)
        for (name, entry) in places {
            let bytes = body.dropFirst(entry.begin).prefix(entry.end - entry.begin)
            tensors[name] = Tensor(shape: entry.shape, values: entry.type.decoded(bytes))
        }
    }

    /// Checks that the tensors lie in the file one after the other, as the format demands: no overlap, no gap, and
    /// nothing beyond the end.
    private static func checkPlaces(_ places: inout [(name: String, entry: TensorEntry)], bodySize: Int) throws {
        places.sort { ($0.entry.begin, $0.entry.end, $0.name) < ($1.entry.begin, $1.entry.end, $1.name) }
        var end = 0
        for (name, entry) in places {
            let size = try entry.byteCount(name)
            guard entry.begin >= 0, entry.end >= entry.begin, entry.end - entry.begin == size else {
                throw SakugaError(
                    .data,
                    "tensor '\(name)' takes bytes \(entry.begin) to \(entry.end), but its shape "
                        + "\(entry.shape) in \(entry.type.rawValue) needs \(size) bytes")
            }
            guard entry.end <= bodySize else {
                throw SakugaError(
                    .data,
                    "tensor '\(name)' ends at byte \(entry.end), but the file holds only \(bodySize) (cut short?)")
            }
            guard entry.begin == end else {
                throw SakugaError(
                    .data,
                    "tensor '\(name)' begins at byte \(entry.begin), "
                        + (entry.begin < end ? "inside the tensor before it" : "with a gap before it"))
            }
            end = entry.end
        }
        guard end == bodySize else {
            throw SakugaError(.data, "\(bodySize - end) bytes after the last tensor")
        }
    }
}

/// How the numbers of a tensor are stored.
private enum ElementType: String, Decodable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"

    var byteCount: Int { self == .f32 ? 4 : 2 }

    func decoded(_ bytes: Data) -> [Float] {
        bytes.withUnsafeBytes { raw in
            let count = raw.count / byteCount
            switch self {
            case .f32:
                return [Float](unsafeUninitializedCapacity: count) { values, initialized in
                    UnsafeMutableRawBufferPointer(values).copyMemory(from: raw)
                    initialized = count
                }
            case .bf16:
                return (0..<count).map {
                    let bits = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self))
                    return Float(bitPattern: UInt32(bits) << 16)
                }
            case .f16:
                return (0..<count).map {
                    Self.float(half: UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self)))
                }
            }
        }
    }

    /// IEEE 754 binary16 to binary32; `Float16` is not there on every platform Swift has.
    private static func float(half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10) & 0x1F
        let fraction = UInt32(half & 0x3FF)
        switch exponent {
        case 0: return Float(sign: sign == 0 ? .plus : .minus, exponent: -24, significand: Float(fraction))
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// IEEE 754 binary32 to the nearest binary16, ties to even; infinite beyond 65 504.
    static func half(_ value: Float) -> UInt16 {
        let sign = UInt16(value.bitPattern >> 16) & 0x8000
        let size = value.bitPattern & 0x7FFF_FFFF
        switch value.magnitude {
        case ..<0x1p-14: return sign | UInt16((value.magnitude * 0x1p24).rounded(.toNearestOrEven))
        case ..<65520: return sign | UInt16((size + 0xFFF + (size >> 13 & 1)) >> 13 - 112 << 10)
        default: return sign | (value.isNaN ? 0x7E00 : 0x7C00)
        }
    }
}

private enum HeaderEntry: Decodable {
    case tensor(TensorEntry)
    case metadata([String: String])

    init(from decoder: any Decoder) throws {
        if let values = try? decoder.singleValueContainer().decode([String: String].self) {
            self = .metadata(values)
        } else {
            self = .tensor(try TensorEntry(from: decoder))
        }
    }
}

private struct TensorEntry: Decodable {
    let type: ElementType
    let shape: [Int]
    let begin: Int
    let end: Int

    private enum CodingKeys: String, CodingKey {
        case dtype, shape
        case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
        let name = decoder.codingPath.last?.stringValue ?? ""
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let stored = try container.decode(String.self, forKey: .dtype)
        guard let type = ElementType(rawValue: stored) else {
            throw SakugaError(.data, "tensor '\(name)' is stored as \(stored), expected F32, F16 or BF16")
        }
        self.type = type
        shape = try container.decode([Int].self, forKey: .shape)
        let offsets = try container.decode([Int].self, forKey: .offsets)
        guard offsets.count == 2 else {
            throw SakugaError(.data, "tensor '\(name)' has \(offsets.count) data offsets, expected 2")
        }
        (begin, end) = (offsets[0], offsets[1])
    }

    func byteCount(_ name: String) throws -> Int {
        var count = type.byteCount
        for length in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard length >= 0, !overflow else {
                throw SakugaError(.data, "tensor '\(name)' has the impossible shape \(shape)")
            }
            count = product
        }
        return count
    }
}

// MARK: - Writing

extension Safetensors {
    /// The file's bytes, all tensors as F32 or all as F16, in the order of their names.
    package func encoded(inHalf: Bool = false) -> Data {
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header[Self.metadataKey] = metadata }
        var body = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let begin = body.count
            if inHalf {
                for value in tensor.values {
                    withUnsafeBytes(of: ElementType.half(value).littleEndian) { body.append(contentsOf: $0) }
                }
            } else {
                body.append(Data(littleEndian: tensor.values))
            }
            header[name] =
                ["dtype": inHalf ? "F16" : "F32", "shape": tensor.shape, "data_offsets": [begin, body.count]]
                as [String: Any]
        }
        // The header holds text, whole numbers and arrays of them only: it can always be encoded.
        var json = try! JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
        json.append(contentsOf: Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        var data = Data()
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
        return data + json + body
    }

    /// Writes the file beside its place and renames it, so that there is never half a file.
    ///
    /// - Throws: `.cannotCreate`.
    package func write(to url: URL, inHalf: Bool = false) throws {
        do {
            try encoded(inHalf: inHalf).write(to: url, options: .atomic)
        } catch {
            throw SakugaError(.cannotCreate, "cannot write weights '\(url.path)': \(error.localizedDescription)")
        }
    }
}
