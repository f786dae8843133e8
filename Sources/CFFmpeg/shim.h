// What Swift cannot see of FFmpeg's C interface: macros, variadic calls, and names that differ between releases.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <libavutil/sha.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libavutil/time.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
#include <string.h>

static const int SHIM_ERROR_EOF = AVERROR_EOF;
static const int SHIM_ERROR_AGAIN = AVERROR(EAGAIN);
static const int SHIM_ERROR_INVALID_DATA = AVERROR_INVALIDDATA;
static const int SHIM_ERROR_EXIT = AVERROR_EXIT;
static const int SHIM_ERROR_NO_SPACE = AVERROR(ENOSPC);
static const int64_t SHIM_NO_TIMESTAMP = AV_NOPTS_VALUE;

static const int SHIM_TAG_HVC1 = MKTAG('h', 'v', 'c', '1');
static const unsigned SHIM_TAG_TMCD = MKTAG('t', 'm', 'c', 'd');
static const unsigned SHIM_TAG_GPMD = MKTAG('g', 'p', 'm', 'd');

/// Before version 6, the Matroska muxer leaves it to its caller to move packets by the codec delay that it writes down.
#if LIBAVFORMAT_VERSION_MAJOR < 60
static const int SHIM_MATROSKA_WANTS_CODEC_DELAY = 1;
#else
static const int SHIM_MATROSKA_WANTS_CODEC_DELAY = 0;
#endif

static inline int shim_error(int errno_value) { return AVERROR(errno_value); }

/// A frame's duration in its time base; the field was renamed in FFmpeg 6.
static inline int64_t shim_frame_duration(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_MAJOR >= 58
    return frame->duration;
#else
    return frame->pkt_duration;
#endif
}

/// The display matrix of a stream, or NULL; side data moved to the codec parameters in FFmpeg 6.1.
static inline const int32_t *shim_stream_display_matrix(const AVStream *stream) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVPacketSideData *data = av_packet_side_data_get(stream->codecpar->coded_side_data,
                                                           stream->codecpar->nb_coded_side_data,
                                                           AV_PKT_DATA_DISPLAYMATRIX);
    return data ? (const int32_t *)data->data : NULL;
#else
    return (const int32_t *)av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
#endif
}

/// Whether the frame consists of two fields taken at different times; a flag since FFmpeg 6.1.
static inline int shim_is_interlaced(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
    return frame->interlaced_frame;
#endif
}

/// Copies what a stream says beside its packets (spherical projection, stereo layout, display matrix, …) to another;
/// `all` = 0 leaves out what holds only for the old pictures: their display matrix and their HDR and encoder facts.
static inline void shim_copy_side_data(AVStream *destination, const AVStream *source, int all) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVPacketSideData *list = source->codecpar->coded_side_data;
    const int count = source->codecpar->nb_coded_side_data;
#else
    const AVPacketSideData *list = source->side_data;
    const int count = source->nb_side_data;
#endif
    for (int i = 0; i < count; i++) {
        const int keeps = list[i].type == AV_PKT_DATA_SPHERICAL || list[i].type == AV_PKT_DATA_STEREO3D;
        if (!all && !keeps) continue;
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
        AVPacketSideData *made = av_packet_side_data_new(&destination->codecpar->coded_side_data,
                                                         &destination->codecpar->nb_coded_side_data, list[i].type,
                                                         list[i].size, 0);
        if (made) memcpy(made->data, list[i].data, list[i].size);
#else
        uint8_t *made = av_stream_new_side_data(destination, list[i].type, list[i].size);
        if (made) memcpy(made, list[i].data, list[i].size);
#endif
    }
}

/// Converts all of `frame` into interleaved bytes at `destination`, `stride` bytes a row.
static inline int shim_scale_to_bytes(struct SwsContext *context, const AVFrame *frame, uint8_t *destination,
                                      int stride) {
    uint8_t *planes[4] = {destination, NULL, NULL, NULL};
    int strides[4] = {stride, 0, 0, 0};
    return sws_scale(context, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, planes, strides);
}

/// Converts `height` rows of interleaved bytes at `source` into `frame`.
static inline int shim_scale_from_bytes(struct SwsContext *context, const uint8_t *source, int stride, int height,
                                        AVFrame *frame) {
    const uint8_t *planes[4] = {source, NULL, NULL, NULL};
    int strides[4] = {stride, 0, 0, 0};
    return sws_scale(context, planes, strides, 0, height, frame->data, frame->linesize);
}

/// Converts `height` rows of interleaved bytes into interleaved bytes of another size.
static inline int shim_resize_bytes(struct SwsContext *context, const uint8_t *source, int stride, int height,
                                    uint8_t *target, int target_stride) {
    const uint8_t *planes[4] = {source, NULL, NULL, NULL};
    uint8_t *targets[4] = {target, NULL, NULL, NULL};
    int strides[4] = {stride, 0, 0, 0}, target_strides[4] = {target_stride, 0, 0, 0};
    return sws_scale(context, planes, strides, 0, height, targets, target_strides);
}

/// Lays the planes of `frame` (format and size set) out over its first buffer.
static inline int shim_fill_planes(AVFrame *frame, int alignment) {
    return av_image_fill_arrays(frame->data, frame->linesize, frame->buf[0]->data, frame->format, frame->width,
                                frame->height, alignment);
}
