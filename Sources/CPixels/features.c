#include "CPixels.h"
#include "clones.h"

#include <math.h>
#include <string.h>

typedef float float16 __attribute__((vector_size(64)));

/// Sum of products of at most 4,096 numbers: short enough for single precision.
INLINED float short_dot(const float *a, const float *b, size_t count) {
    float16 sum = {0}, other = {0};
    size_t i = 0;
    for (; i + 32 <= count; i += 32) {
        float16 x, y, z, w;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        memcpy(&z, a + i + 16, sizeof z);
        memcpy(&w, b + i + 16, sizeof w);
        sum += x * y;
        other += z * w;
    }
    sum += other;
    float total = 0;
    for (int lane = 0; lane < 16; lane++) total += sum[lane];
    for (; i < count; i++) total += a[i] * b[i];
    return total;
}

enum { run = 4096 };

CLONES double pixels_dot(const float *a, const float *b, size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i += run) total += (double)short_dot(a + i, b + i, count - i < run ? count - i : run);
    return total;
}

CLONES void pixels_window_statistics(
    const float *values, int channels, pixels_window window, float *mean, float *deviation) {
    const size_t plane = (size_t)window.plane_width * (size_t)window.plane_height;
    const size_t width = (size_t)window.width;
    const double positions = (double)window.width * (double)window.height;
    for (int c = 0; c < channels; c++) {
        double sum = 0, squares = 0;
        for (int y = 0; y < window.height; y++) {
            const float *row = values + (size_t)c * plane +
                               (size_t)(window.y + y) * (size_t)window.plane_width + (size_t)window.x;
            float16 part = {0};
            size_t i = 0;
            for (; i + 16 <= width; i += 16) {
                float16 x;
                memcpy(&x, row + i, sizeof x);
                part += x;
            }
            for (int lane = 0; lane < 16; lane++) sum += (double)part[lane];
            for (; i < width; i++) sum += (double)row[i];
            squares += (double)short_dot(row, row, width);
        }
        const double average = sum / positions, variance = squares / positions - average * average;
        mean[c] = (float)average;
        deviation[c] = variance > 0 ? (float)sqrt(variance) : 0;
    }
}

CLONES void pixels_add_gram(const float *values, int channels, size_t positions, double scale, double *sums) {
    for (size_t i = 0; i < positions; i += run / 2) {
        const size_t count = positions - i < run / 2 ? positions - i : run / 2;
        for (int a = 0; a < channels; a++) {
            for (int b = a; b < channels; b++) {
                const double product =
                    scale * (double)short_dot(
                                values + (size_t)a * positions + i, values + (size_t)b * positions + i, count);
                sums[(size_t)a * (size_t)channels + (size_t)b] += product;
                if (a != b) sums[(size_t)b * (size_t)channels + (size_t)a] += product;
            }
        }
    }
}

CLONES void pixels_cubic_similarities(
    const float *a, size_t a_count, const float *b, size_t b_count, size_t length, float *similarities) {
    enum { block = 32 };
    for (size_t first = 0; first < a_count; first += block) {
        const size_t end = a_count - first < block ? a_count : first + block;
        for (size_t j = 0; j < b_count; j++) {
            for (size_t i = first; i < end; i++) {
                const float base = short_dot(a + i * length, b + j * length, length) / (float)length + 1;
                similarities[i * b_count + j] = base * base * base;
            }
        }
    }
}
