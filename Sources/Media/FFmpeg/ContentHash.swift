internal import CFFmpeg
package import Foundation
package import Frames

/// SHA-256 of what is written into it. Owns FFmpeg's AVSHA. Used by one thread at a time.
package final class ContentHash {
    private let context: OpaquePointer

    package init() {
        guard let context = av_sha_alloc() else { preconditionFailure("out of memory") }
        self.context = context
        av_sha_init(context, 256)
    }

    deinit { av_free(UnsafeMutableRawPointer(context)) }

    package func add(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        av_sha_update(context, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    package func add(_ text: String) { Data(text.utf8).withUnsafeBytes(add) }

    /// 64 hexadecimal digits. Nothing may be added afterwards.
    package func digest() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        av_sha_final(context, &digest)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The hash of a file.
    ///
    /// - Throws: `.noInput` where it cannot be read.
    package static func digest(of file: URL) throws -> String {
        let hash = ContentHash()
        do {
            let handle = try FileHandle(forReadingFrom: file)
            defer { try? handle.close() }
            while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty { data.withUnsafeBytes(hash.add) }
        } catch {
            throw SakugaError(.noInput, "cannot read '\(file.path)': \(error.localizedDescription)")
        }
        return hash.digest()
    }
}
