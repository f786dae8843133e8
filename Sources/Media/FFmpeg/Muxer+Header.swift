internal import CFFmpeg

/// What is put into a container before its header is written.
extension Muxer {
    /// A codec tag is a container's own name for a codec: it is kept only where the new container knows it.
    func keepKnownTag(of stream: UnsafeMutablePointer<AVStream>) {
        let parameters = stream.pointee.codecpar!
        // Data has nothing but its tag; the MOV muxer writes this one without listing it.
        if parameters.pointee.codec_id == AV_CODEC_ID_BIN_DATA, parameters.pointee.codec_tag == SHIM_TAG_GPMD { return }
        guard let tags = context.pointee.oformat.pointee.codec_tag,
            av_codec_get_id(tags, parameters.pointee.codec_tag) == parameters.pointee.codec_id
        else {
            parameters.pointee.codec_tag = 0
            return
        }
    }

    /// Stores a cover picture as an attachment, which is how Matroska holds one.
    func attachCover(of input: UnsafeMutablePointer<AVStream>) {
        let picture = input.pointee.attached_pic
        guard picture.size > 0, let data = picture.data else { return }
        let isPNG = input.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_PNG
        let stream = addStream()
        let parameters = stream.pointee.codecpar!
        parameters.pointee.codec_type = AVMEDIA_TYPE_ATTACHMENT
        parameters.pointee.codec_id = input.pointee.codecpar.pointee.codec_id
        guard let copy = av_mallocz(Int(picture.size) + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else {
            preconditionFailure("out of memory")
        }
        copy.copyMemory(from: data, byteCount: Int(picture.size))
        parameters.pointee.extradata = copy.assumingMemoryBound(to: UInt8.self)
        parameters.pointee.extradata_size = picture.size
        copyMetadata(input.pointee.metadata, to: &stream.pointee.metadata)
        let keeps = AV_DICT_DONT_OVERWRITE
        av_dict_set(&stream.pointee.metadata, "filename", isPNG ? "cover.png" : "cover.jpg", keeps)
        av_dict_set(&stream.pointee.metadata, "mimetype", isPNG ? "image/png" : "image/jpeg", keeps)
    }

    /// Copies the chapters that lie in the output, moved to its timeline and cut at its ends.
    func addChapters(of reader: MediaReader) {
        let input = reader.demuxer.context.pointee
        guard input.nb_chapters > 0, let chapters = input.chapters else { return }
        context.pointee.chapters = av_calloc(Int(input.nb_chapters), MemoryLayout<OpaquePointer>.size)?
            .assumingMemoryBound(to: UnsafeMutablePointer<AVChapter>?.self)
        let limit = reader.expectedEnd
        for index in 0..<Int(input.nb_chapters) {
            let chapter = chapters[index]!.pointee
            let base = chapter.time_base
            guard PlausibleTime.holds(chapter.start, in: base), PlausibleTime.holds(chapter.end, in: base) else {
                continue
            }
            let shift = av_rescale_q(reader.zero, shimMicroseconds, base)
            let last = limit.map { av_rescale_q(PlausibleTime.microseconds($0), shimMicroseconds, base) } ?? Int64.max
            let (start, end) = (max(0, chapter.start - shift), min(chapter.end - shift, last))
            guard end > 0, start < last else { continue }
            guard let memory = av_mallocz(MemoryLayout<AVChapter>.size) else { preconditionFailure("out of memory") }
            let copy = memory.assumingMemoryBound(to: AVChapter.self)
            (copy.pointee.id, copy.pointee.time_base) = (chapter.id, base)
            (copy.pointee.start, copy.pointee.end) = (start, end)
            av_dict_copy(&copy.pointee.metadata, chapter.metadata, 0)
            context.pointee.chapters[Int(context.pointee.nb_chapters)] = copy
            context.pointee.nb_chapters += 1
        }
    }

    /// Gives languages the code by which FFmpeg's MOV muxer knows them: QuickTime numbers its languages, and the muxer
    /// has one ISO 639-2 code for each, `ger` but not `deu`; others it would leave unnamed. Codes in no pair stay.
    func nameLanguagesAsQuickTime() {
        guard String(cString: context.pointee.oformat.pointee.name) == "mov" else { return }
        for index in 0..<Int(context.pointee.nb_streams) {
            let stream = context.pointee.streams[index]!
            let language = FFmpegDictionary.entries(stream.pointee.metadata).first { $0.key == "language" }?.value
            guard let language, let known = Self.quickTimeLanguages[language] else { continue }
            av_dict_set(&stream.pointee.metadata, "language", known, 0)
        }
    }

    /// What `mov_mdhd_language_map` of libavformat calls a language, by its other code.
    private static let quickTimeLanguages = [
        "bod": "tib", "cym": "wel", "cze": "ces", "deu": "ger", "ell": "gre", "eus": "baq", "fas": "per", "fre": "fra",
        "hye": "arm", "isl": "ice", "kat": "geo", "mkd": "mac", "msa": "may", "mya": "bur", "nld": "dut",
        "rum": "ron", "slo": "slk", "sqi": "alb", "swe": "sve", "zho": "chi",
    ]
}
