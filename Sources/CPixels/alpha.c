#include "CPixels.h"
#include "clones.h"

CLONES void pixels_split_alpha(const uint8_t *restrict rgba, size_t rgba_stride, uint8_t *restrict rgb, size_t rgb_stride,
                             uint8_t *restrict alpha, int width, int height) {
    for (int y = 0; y < height; y++) {
        const uint8_t *source = rgba + (size_t)y * rgba_stride;
        uint8_t *color = rgb + (size_t)y * rgb_stride;
        uint8_t *opacity = alpha + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++) {
            color[3 * x] = source[4 * x];
            color[3 * x + 1] = source[4 * x + 1];
            color[3 * x + 2] = source[4 * x + 2];
            opacity[x] = source[4 * x + 3];
        }
    }
}

CLONES void pixels_merge_alpha(const uint8_t *restrict rgb, size_t rgb_stride, const uint8_t *restrict alpha,
                             uint8_t *restrict rgba, size_t rgba_stride, int width, int height) {
    for (int y = 0; y < height; y++) {
        const uint8_t *color = rgb + (size_t)y * rgb_stride;
        uint8_t *target = rgba + (size_t)y * rgba_stride;
        for (int x = 0; x < width; x++) {
            target[4 * x] = color[3 * x];
            target[4 * x + 1] = color[3 * x + 1];
            target[4 * x + 2] = color[3 * x + 2];
            target[4 * x + 3] = alpha ? alpha[(size_t)y * (size_t)width + (size_t)x] : 255;
        }
    }
}
