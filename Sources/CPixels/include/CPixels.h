// The few hot pixel loops, in C so that they are fast in debug builds too.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Repeats the last column and the last row of an 8-bit RGB image (`width`×`height`, `stride` bytes a row) until it
/// fills `padded_width`×`padded_height`.
void pixels_pad_edges(uint8_t *rgb, int width, int height, int padded_width, int padded_height, size_t stride);
