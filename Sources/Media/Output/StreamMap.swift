internal import CFFmpeg
internal import Frames

/// The user's choice of streams, in FFmpeg's words: `a`, `0:a:1`, `s:m:language:eng`; `-s` leaves out, `?` at the end
/// allows that nothing matches.
enum StreamMap {
    /// Returns the indices of the streams that `maps` choose; all where there are none.
    ///
    /// - Throws: `.usage` for what is no specifier, or matches nothing and is not marked optional.
    static func chosen(by maps: [String], in reader: MediaReader) throws -> Set<Int> {
        let all = Set(reader.info.streams.map(\.index))
        guard !maps.isEmpty else { return all }
        var chosen = maps.allSatisfy { $0.hasPrefix("-") } ? all : []
        for map in maps {
            let removes = map.hasPrefix("-")
            let isOptional = map.hasSuffix("?")
            var specifier = Substring(map)
            if removes { specifier.removeFirst() }
            if isOptional { specifier.removeLast() }
            // As FFmpeg writes it, with the number of the only input.
            if specifier == "0" { specifier = "" } else if specifier.hasPrefix("0:") { specifier.removeFirst(2) }
            let matching = try all.filter { index in
                let code = avformat_match_stream_specifier(
                    reader.demuxer.context, reader.demuxer.stream(index), String(specifier))
                guard code >= 0 else {
                    throw SakugaError(
                        .usage, "--map '\(map)' is no stream specifier", hint: "try a, a:1, s or s:m:language:eng")
                }
                return code > 0
            }
            if matching.isEmpty, !isOptional {
                throw SakugaError(
                    .usage, "--map '\(map)' matches no stream of '\(reader.demuxer.name)'",
                    hint: "`sakuga probe` lists its streams")
            }
            if removes { chosen.subtract(matching) } else { chosen.formUnion(matching) }
        }
        return chosen
    }
}
