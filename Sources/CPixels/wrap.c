#include "CPixels.h"

#include <string.h>

/// The place in 0 … length − 1 that repeating leads to.
static int wrapped(int place, int length) {
    int rest = place % length;
    return rest < 0 ? rest + length : rest;
}

void pixels_wrap(
    pixels_picture picture, int width, int height, pixels_picture out, int out_width, int out_height, int left, int top) {
    for (int y = 0; y < out_height; y++) {
        const uint8_t *source = picture.rgb + (size_t)wrapped(y - top, height) * picture.stride;
        uint8_t *target = out.rgb + (size_t)y * out.stride;
        for (int x = 0; x < out_width;) {
            int from = wrapped(x - left, width);
            int count = width - from < out_width - x ? width - from : out_width - x;
            memcpy(target + (size_t)x * 3, source + (size_t)from * 3, (size_t)count * 3);
            x += count;
        }
    }
}

/// A number of the row at `bytes`, times 2·`fade`: from the place one repeat on to the own one, along the first columns.
static inline int faded(const uint8_t *bytes, int index, int width, int fade) {
    int x = index / 3;
    if (x >= fade) return bytes[index] * 2 * fade;
    int own = 2 * x + 1;
    return bytes[index] * own + bytes[index + 3 * width] * (2 * fade - own);
}

void pixels_unwrap(
    pixels_picture drawing, int left, int top, pixels_picture out, int width, int height, int fade_x, int fade_y) {
    size_t length = (size_t)width * 3;
    // Without a fade the own number stays: any factor does.
    int across = fade_x > 0 ? fade_x : 1, down = fade_y > 0 ? fade_y : 1;
    for (int y = 0; y < height; y++) {
        const uint8_t *row = drawing.rgb + (size_t)(top + y) * drawing.stride + (size_t)left * 3;
        const uint8_t *next = row + (size_t)height * drawing.stride;
        uint8_t *target = out.rgb + (size_t)y * out.stride;
        int own = y < fade_y ? 2 * y + 1 : 2 * down;
        size_t mixed = y < fade_y ? length : (size_t)fade_x * 3;
        memcpy(target + mixed, row + mixed, length - mixed);
        for (size_t i = 0; i < mixed; i++) {
            int here = fade_x > 0 ? faded(row, (int)i, width, across) : row[i] * 2 * across;
            int there = 0;
            if (own < 2 * down) there = fade_x > 0 ? faded(next, (int)i, width, across) : next[i] * 2 * across;
            int whole = 4 * across * down;
            target[i] = (uint8_t)((here * own + there * (2 * down - own) + whole / 2) / whole);
        }
    }
}
