internal import CFFmpeg

/// A key–value list for FFmpeg calls. After a call it holds what the call did not know.
struct FFmpegDictionary: ~Copyable {
    var pointer: OpaquePointer?

    init(_ entries: [String: String] = [:]) {
        for (key, value) in entries.sorted(by: { $0.key < $1.key }) { av_dict_set(&pointer, key, value, 0) }
    }

    deinit {
        var pointer = pointer
        av_dict_free(&pointer)
    }

    var keys: [String] { Self.entries(pointer).map(\.key) }

    /// The entries of a dictionary that FFmpeg owns.
    static func entries(_ dictionary: OpaquePointer?) -> [(key: String, value: String)] {
        var found: [(key: String, value: String)] = []
        var entry: UnsafeMutablePointer<AVDictionaryEntry>?
        while let next = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX) {
            found.append((String(cString: next.pointee.key), String(cString: next.pointee.value)))
            entry = next
        }
        return found
    }
}
