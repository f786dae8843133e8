// The few hot pixel loops, in C so that they are fast in debug builds too.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Repeats the last column and the last row of an 8-bit RGB image (`width`×`height`, `stride` bytes a row) until it
/// fills `padded_width`×`padded_height`.
void pixels_pad_edges(uint8_t *rgb, int width, int height, int padded_width, int padded_height, size_t stride);

/// Splits interleaved RGBA into interleaved RGB and a plane of `width` × `height` alpha bytes without gaps. Strides in
/// bytes.
void pixels_split_alpha(const uint8_t *rgba, size_t rgba_stride, uint8_t *rgb, size_t rgb_stride, uint8_t *alpha,
                        int width, int height);

/// Joins interleaved RGB and a plane of alpha bytes without gaps (NULL: opaque) into interleaved RGBA. Strides in bytes.
void pixels_merge_alpha(const uint8_t *rgb, size_t rgb_stride, const uint8_t *alpha, uint8_t *rgba, size_t rgba_stride,
                        int width, int height);
