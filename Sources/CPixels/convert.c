#include "CPixels.h"
#include "clones.h"

/// v·scale + offset, rounded and clipped to 0…255; what is not a number becomes 0.
static inline uint8_t level(float v, float scale, float offset) {
    float x = v * scale + offset + 0.5f;
    x = x > 0.0f ? x : 0.0f;
    x = x < 255.0f ? x : 255.0f;
    return (uint8_t)x;
}

CLONES
void pixels_from_floats(const float *values, uint8_t *rgb, size_t count, float scale, float offset) {
    for (size_t i = 0; i < count; i++) rgb[i] = level(values[i], scale, offset);
}

CLONES
void pixels_from_planes(const float *planes, size_t plane, uint8_t *rgb, size_t pixels, float scale, float offset) {
    const float *red = planes, *green = planes + plane, *blue = planes + 2 * plane;
    for (size_t i = 0; i < pixels; i++) {
        rgb[3 * i] = level(red[i], scale, offset);
        rgb[3 * i + 1] = level(green[i], scale, offset);
        rgb[3 * i + 2] = level(blue[i], scale, offset);
    }
}

CLONES
void pixels_add_weighted(const float *values, size_t pixel_stride, size_t channel_stride, const float *weights,
                         float row_weight, float *sums, size_t pixels, float scale, float offset) {
    for (size_t i = 0; i < pixels; i++) {
        float weight = weights[i] * row_weight;
        for (size_t c = 0; c < 3; c++) {
            float x = values[i * pixel_stride + c * channel_stride] * scale + offset;
            x = x > 0.0f ? x : 0.0f;
            x = x < 255.0f ? x : 255.0f;
            sums[3 * i + c] += weight * x;
        }
    }
}
