internal import Foundation
internal import Frames
internal import Model

/// The file of a network from elsewhere. Used by one thread.
final class ForeignNetworkFile {
    let url: URL
    /// Tells this network from others; nil where the file is not all of it, but has its weights in other files.
    let digest: String?
    private let data: Data
    private let core: InferenceCore
    /// The file without needless transpositions, where it had some.
    private lazy var rewritten = isONNX && data.count <= Self.largestRewritten ? TransposeSinking.sunk(data) : nil
    private let isONNX: Bool
    private var isChecked = false

    private static let largestRewritten = 256 << 20
    private static let extensions = ["onnx", "pb", "tflite"]

    /// - Throws: `.noInput` where there is no file or it cannot be read, `.data` where its name has another extension.
    init(_ url: URL, on core: InferenceCore) throws {
        self.url = url
        self.core = core
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw SakugaError(
                .noInput,
                "cannot open network '\(url.path)': \(isFolder.boolValue ? "it is a folder" : "no such file")",
                hint: "check the path")
        }
        guard Self.extensions.contains(url.pathExtension.lowercased()) else {
            throw SakugaError(
                .data, "cannot use network '\(url.path)': expected a file in .onnx, .pb or .tflite format")
        }
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else {
            throw SakugaError(
                .noInput, "cannot read network '\(url.path)': permission denied",
                hint: "make the file readable for you")
        }
        self.data = data
        isONNX = url.pathExtension.lowercased() == "onnx"
        // The key under which TensorProto.external_data (onnx/onnx.proto) names another file.
        digest = isONNX && Self.holds("location", data) ? nil : String(Digest.of(data), radix: 16)
    }

    /// Whether a word occurs anywhere.
    private static func holds(_ word: StaticString, _ data: Data) -> Bool {
        data.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            let length = word.utf8CodeUnitCount
            var place = 0
            while place + length <= bytes.count,
                let found = memchr(start + place, Int32(word.utf8Start[0]), bytes.count - length + 1 - place)
            {
                if memcmp(found, word.utf8Start, length) == 0 { return true }
                place = UnsafeRawPointer(found) - start + 1
            }
            return false
        }
    }

    /// - Throws: `.data` where the file is not what its name says, or OpenVINO cannot read it.
    func read() throws -> NetworkModel {
        if !isChecked { try NetworkFileOutline.check(data, of: url) }
        isChecked = true
        if let rewritten, let model = try? core.read(onnx: rewritten) { return model }
        return try core.read(file: url)
    }

    /// The network for pictures of `width`×`height` pixels in its own layout.
    func model(_ layout: ImageLayout, width: Int, height: Int) throws -> NetworkModel {
        let model = try read()
        try model.reshape(layout.shape(width: width, height: height))
        return model
    }
}
