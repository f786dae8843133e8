// The few hot pixel loops, in C so that they are fast in debug builds too.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Repeats the last column and the last row of an 8-bit RGB image (`width`×`height`, `stride` bytes a row) until it
/// fills `padded_width`×`padded_height`.
void pixels_pad_edges(uint8_t *rgb, int width, int height, int padded_width, int padded_height, size_t stride);

/// Turns `count` interleaved numbers into levels: value·`scale` + `offset`, rounded, clipped to 0…255.
void pixels_from_floats(const float *values, uint8_t *rgb, size_t count, float scale, float offset);

/// The same for `pixels` pixels of three planes that lie `plane` numbers apart.
void pixels_from_planes(const float *planes, size_t plane, uint8_t *rgb, size_t pixels, float scale, float offset);

/// Adds a row of `pixels` pixels, as levels clipped to 0…255 and times `weights`·`row_weight`, to interleaved sums.
/// A value lies at pixel·`pixel_stride` + channel·`channel_stride`.
void pixels_add_weighted(const float *values, size_t pixel_stride, size_t channel_stride, const float *weights,
                         float row_weight, float *sums, size_t pixels, float scale, float offset);
