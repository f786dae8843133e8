#include "CPixels.h"
#include "clones.h"

INLINED uint8_t clipped(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

CLONES void pixels_blend(
    pixels_picture original, pixels_picture drawn, pixels_picture out, int width, int height, int strength) {
    for (int y = 0; y < height; y++) {
        const uint8_t *restrict a = original.rgb + (size_t)y * original.stride;
        const uint8_t *restrict b = drawn.rgb + (size_t)y * drawn.stride;
        uint8_t *restrict to = out.rgb + (size_t)y * out.stride;
        for (int i = 0; i < width * 3; i++) to[i] = (uint8_t)((a[i] * (256 - strength) + b[i] * strength + 128) >> 8);
    }
}

CLONES void pixels_keep_chroma(
    pixels_picture original, pixels_picture drawn, pixels_picture out, int width, int height, int strength) {
    for (int y = 0; y < height; y++) {
        const uint8_t *restrict a = original.rgb + (size_t)y * original.stride;
        const uint8_t *restrict b = drawn.rgb + (size_t)y * drawn.stride;
        uint8_t *restrict to = out.rgb + (size_t)y * out.stride;
        for (int x = 0; x < width; x++) {
            const int red = a[x * 3], green = a[x * 3 + 1], blue = a[x * 3 + 2];
            // Y_drawn − Y_original with BT.709's weights in 1/65536, times strength in 1/256.
            const int change = 13933 * (b[x * 3] - red) + 46871 * (b[x * 3 + 1] - green) + 4732 * (b[x * 3 + 2] - blue);
            const int step = (((change + 128) >> 8) * strength + (1 << 15)) >> 16;
            to[x * 3] = clipped(red + step);
            to[x * 3 + 1] = clipped(green + step);
            to[x * 3 + 2] = clipped(blue + step);
        }
    }
}
