internal import CFFmpeg

/// SHA-256 of what is added, piece by piece.
package final class ContentHash {
    private let context: OpaquePointer

    package init() {
        guard let context = av_sha_alloc() else { fatalError("no memory for a hash") }
        av_sha_init(context, 256)
        self.context = context
    }

    deinit { av_free(UnsafeMutableRawPointer(context)) }

    /// Adds the text's UTF-8 bytes.
    package func add(_ text: String) {
        var text = text
        text.withUTF8 { av_sha_update(context, $0.baseAddress, $0.count) }
    }

    /// 64 hexadecimal digits. Nothing can be added afterwards.
    package func digest() -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        av_sha_final(context, &bytes)
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
