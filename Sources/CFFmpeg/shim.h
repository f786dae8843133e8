// What Swift cannot see of FFmpeg's C interface: macros, variadic calls, and names that differ between releases.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/time.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static const int SHIM_ERROR_EOF = AVERROR_EOF;
static const int SHIM_ERROR_AGAIN = AVERROR(EAGAIN);
static const int SHIM_ERROR_INVALID_DATA = AVERROR_INVALIDDATA;
static const int SHIM_ERROR_EXIT = AVERROR_EXIT;
static const int SHIM_ERROR_NO_SPACE = AVERROR(ENOSPC);
static const int SHIM_ERROR_NO_MEMORY = AVERROR(ENOMEM);
static const int64_t SHIM_NO_TIMESTAMP = AV_NOPTS_VALUE;

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

/// Lays the planes of `frame` (format and size set) out over its first buffer.
static inline int shim_fill_planes(AVFrame *frame, int alignment) {
    return av_image_fill_arrays(frame->data, frame->linesize, frame->buf[0]->data, frame->format, frame->width,
                                frame->height, alignment);
}
