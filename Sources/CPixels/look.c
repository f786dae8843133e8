#include "CPixels.h"
#include "clones.h"

#include <math.h>

CLONES void pixels_grey(const uint8_t *rgb, size_t stride, uint8_t *grey, int width, int height) {
    for (int y = 0; y < height; y++) {
        const uint8_t *restrict row = rgb + (size_t)y * stride;
        uint8_t *restrict out = grey + (size_t)y * (size_t)width * 3;
        for (int x = 0; x < width; x++) {
            const unsigned luma = (77u * row[x * 3] + 150u * row[x * 3 + 1] + 29u * row[x * 3 + 2] + 128) >> 8;
            out[x * 3] = out[x * 3 + 1] = out[x * 3 + 2] = (uint8_t)luma;
        }
    }
}

CLONES void pixels_count_gradients(const uint8_t *luma, int width, int height, uint64_t *counts) {
    const float most = (float)(pixels_gradient_bins - 1);
    for (int y = 0; y + 1 < height; y++) {
        const uint8_t *row = luma + (size_t)y * (size_t)width, *below = row + width;
        for (int x = 0; x + 1 < width; x++) {
            const float dx = (float)(row[x + 1] - row[x]), dy = (float)(below[x] - row[x]);
            const float bin = sqrtf(dx * dx + dy * dy) * (float)pixels_gradient_steps;
            counts[(int)(bin < most ? bin : most)]++;
        }
    }
}

static inline int larger(int a, int b) { return a > b ? a : b; }
static inline int smaller(int a, int b) { return a < b ? a : b; }

CLONES void pixels_edge_sharpness(
    const uint8_t *luma, int width, int height, int contrast, double *sum, uint64_t *count) {
    for (int y = 2; y + 2 < height; y++) {
        for (int x = 2; x + 2 < width; x++) {
            int least = 255, most = 0, step = 0;
            for (int dy = -2; dy <= 2; dy++) {
                const uint8_t *row = luma + (size_t)(y + dy) * (size_t)width + x;
                for (int dx = -2; dx <= 2; dx++) {
                    const int value = row[dx];
                    least = smaller(least, value);
                    most = larger(most, value);
                    if (dx < 2) step = larger(step, value > row[dx + 1] ? value - row[dx + 1] : row[dx + 1] - value);
                    if (dy < 2) {
                        const int under = row[dx + width];
                        step = larger(step, value > under ? value - under : under - value);
                    }
                }
            }
            if (most - least < contrast) continue;
            *sum += (double)step / (double)(most - least);
            *count += 1;
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), as in `SplitMix64.swift`.
static inline uint64_t next_bits(uint64_t *state) {
    uint64_t bits = *state += 0x9E3779B97F4A7C15u;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
    return bits ^ (bits >> 31);
}

void pixels_add_noise(pixels_picture picture, int width, int height, float deviation, uint64_t seed) {
    uint64_t state = seed;
    for (int y = 0; y < height; y++) {
        uint8_t *row = picture.rgb + (size_t)y * picture.stride;
        for (int i = 0; i < width * 3; i++) {
            // The sum of four 16-bit uniforms: variance 4/12 of their range squared, mean 2 of it.
            const uint64_t bits = next_bits(&state);
            const float sum = (float)((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48));
            const float normal = (sum * (1.0f / 65535) - 2) * 1.7320508f;
            const float value = (float)row[i] + deviation * normal + 0.5f;
            row[i] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
        }
    }
}
