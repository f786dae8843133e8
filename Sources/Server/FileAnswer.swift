internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// A file as an answer, whole or the part that was asked for (RFC 9110, section 14), read as it is sent.
struct FileAnswer {
    private let file: URL
    private let name: String
    private static let types = [
        "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska",
        "webm": "video/webm", "gif": "image/gif", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
    ]

    /// - Parameter name: what the file is saved as.
    init(_ file: URL, name: String) { (self.file, self.name) = (file, name) }

    func response(to request: Request) async throws -> Response {
        guard let handle = try? FileHandle(forReadingFrom: file), let length = try? handle.seekToEnd() else {
            throw NotFound()
        }
        let size = Int(length)
        var headers: HTTPFields = [
            .contentType: Self.types[file.pathExtension] ?? "application/octet-stream", .acceptRanges: "bytes",
            .contentDisposition: "attachment; filename*=UTF-8''\(Self.encoded(name))",
        ]
        guard let asked = request.headers[.range], let range = Self.range(asked, size: size) else {
            return Response(status: .ok, headers: headers, body: Self.body(handle, 0..<size))
        }
        guard let part = range else {
            headers[.contentRange] = "bytes */\(size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)"
        return Response(status: .partialContent, headers: headers, body: Self.body(handle, part))
    }

    /// The bytes that a Range header asks for; nil where it asks for none or several ranges, or is not understood, which is
    /// then left alone; an inner nil where they lie outside the file.
    static func range(_ text: String, size: Int) -> Range<Int>?? {
        guard text.hasPrefix("bytes="), !text.contains(",") else { return nil }
        let ends = text.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty {
            guard let count = Int(ends[1]), count >= 0 else { return nil }
            return .some(count == 0 || size == 0 ? nil : max(0, size - count)..<size)
        }
        guard let first = Int(ends[0]), first >= 0 else { return nil }
        var last = size - 1
        if !ends[1].isEmpty {
            guard let asked = Int(ends[1]), asked >= first else { return nil }
            last = min(last, asked)
        }
        return .some(first < size ? first..<(last + 1) : nil)
    }

    /// RFC 8187: what is not a letter, a digit or one of a few signs is written as its UTF-8 bytes.
    private static func encoded(_ name: String) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return name.addingPercentEncoding(withAllowedCharacters: plain) ?? "film"
    }

    private static func body(_ handle: FileHandle, _ range: Range<Int>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            try handle.seek(toOffset: UInt64(range.lowerBound))
            var left = range.count
            while left > 0, let data = try handle.read(upToCount: min(left, 256 << 10)), !data.isEmpty {
                left -= data.count
                try await writer.write(ByteBuffer(bytes: data))
            }
            try handle.close()
            try await writer.finish(nil)
        }
    }
}
