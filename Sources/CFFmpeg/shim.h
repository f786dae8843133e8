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
