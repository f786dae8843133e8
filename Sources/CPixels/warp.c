#include "CPixels.h"
#include "clones.h"

#include <math.h>
#include <string.h>

typedef float float4 __attribute__((vector_size(16)));
typedef float float16 __attribute__((vector_size(64)));
typedef uint8_t byte16 __attribute__((vector_size(16)));
typedef int int4 __attribute__((vector_size(16)));

enum { phases = pixels_cubic_phases };

/// Keys' cubic convolution kernel with parameter `a` at distance `t` ≥ 0.
static double cubic(double a, double t) {
    if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
    return 0;
}

// The table: for each phase the four horizontal weights, each three times (R, G, B) and four zeros behind; then for
// each phase the four vertical weights.
void pixels_cubic_kernel(float a, float *kernel) {
    for (int phase = 0; phase < phases; phase++) {
        const double t = (double)phase / phases;
        const double weights[4] = {cubic(a, 1 + t), cubic(a, t), cubic(a, 1 - t), cubic(a, 2 - t)};
        float *across = kernel + phase * 16, *down = kernel + phases * 16 + phase * 4;
        memset(across, 0, 16 * sizeof *across);
        for (int tap = 0; tap < 4; tap++) {
            for (int c = 0; c < 3; c++) across[tap * 3 + c] = (float)weights[tap];
            down[tap] = (float)weights[tap];
        }
    }
}

size_t pixels_warp_scratch_count(int width, int factor) {
    const size_t reduced = (size_t)(width + factor - 1) / (size_t)factor;
    return 3 * (reduced + 2) + 3 * (reduced * (size_t)factor);
}

/// One row of the enlarged field: `x`, `y` the source of each pixel in 1/64 pixel, `weight` the share of history.
typedef struct row_field {
    int32_t *x, *y;
    float *weight;
} row_field;

/// Enlarges three reduced rows (dx, dy, weight; a spare number on each side) by `factor`, bilinear with pixel centres.
INLINED void enlarge(
    const float *restrict dx, const float *restrict dy, const float *restrict weight, row_field out, int y, int width,
    int height, int reduced, int factor, float strength, float still) {
    int32_t *restrict out_x = out.x, *restrict out_y = out.y;
    float *restrict out_weight = out.weight;
    const float right = (float)(width - 1) + 0.5f, bottom = (float)(height - 1) + 0.5f;
    for (int block = 0; block < reduced; block++) {
        for (int k = 0; k < factor; k++) {
            const float offset = ((float)k + 0.5f) / (float)factor - 0.5f;
            const int a = offset < 0 ? block : block + 1;  // the spare number shifts by one
            const float t = offset < 0 ? offset + 1 : offset;
            float u = (dx[a] + (dx[a + 1] - dx[a]) * t) * (float)factor;
            float v = (dy[a] + (dy[a + 1] - dy[a]) * t) * (float)factor;
            float w = (weight[a] + (weight[a + 1] - weight[a]) * t) * strength;
            const int moves = (u > still) | (u < -still) | (v > still) | (v < -still);
            u = moves ? u : 0;
            v = moves ? v : 0;
            const int x = block * factor + k;
            float source_x = (float)x + u, source_y = (float)y + v;
            const int inside = (source_x >= -0.5f) & (source_y >= -0.5f) & (source_x <= right) & (source_y <= bottom);
            // A place outside is never read: it gets weight 0 and a harmless position.
            out_weight[x] = inside ? w : 0;
            source_x = inside ? source_x : 0;
            source_y = inside ? source_y : 0;
            out_x[x] = (int32_t)(source_x * phases + (phases + 0.5f)) - phases;
            out_y[x] = (int32_t)(source_y * phases + (phases + 0.5f)) - phases;
        }
    }
}

/// The 4×4 neighbourhood of one source pixel, weighted; lanes 0…2 are R, G, B.
INLINED float4 sampled(const uint8_t *const rows[4], size_t column, const float *across, const float *down) {
    float16 sum = {0};
    for (int i = 0; i < 4; i++) {
        byte16 bytes;
        memcpy(&bytes, rows[i] + column, sizeof bytes);
        sum += __builtin_convertvector(bytes, float16) * down[i];
    }
    float16 weights;
    memcpy(&weights, across, sizeof weights);
    sum *= weights;
    const float4 first = __builtin_shufflevector(sum, sum, 0, 1, 2, 15);
    const float4 second = __builtin_shufflevector(sum, sum, 3, 4, 5, 15);
    const float4 third = __builtin_shufflevector(sum, sum, 6, 7, 8, 15);
    const float4 fourth = __builtin_shufflevector(sum, sum, 9, 10, 11, 15);
    return (first + second) + (third + fourth);
}

INLINED float4 pixel(const uint8_t *at) { return (float4){(float)at[0], (float)at[1], (float)at[2], 0}; }

/// `sampled` near the border, where rows and columns beyond it repeat the outermost ones.
INLINED float4 sampled_at_border(
    pixels_picture history, int width, int height, int x, int y, const float *across, const float *down) {
    float4 sum = {0};
    for (int i = 0; i < 4; i++) {
        int row = y - 1 + i;
        row = row < 0 ? 0 : row >= height ? height - 1 : row;
        for (int j = 0; j < 4; j++) {
            int column = x - 1 + j;
            column = column < 0 ? 0 : column >= width ? width - 1 : column;
            sum += pixel(history.rgb + (size_t)row * history.stride + (size_t)column * 3) * (down[i] * across[j * 3]);
        }
    }
    return sum;
}

/// `drawn + weight·(warped − drawn)`, rounded and clipped; writes a fourth byte that the next pixel overwrites.
INLINED void store_blended(const uint8_t *drawn, float4 warped, float weight, float doubt, uint8_t *out) {
    const float4 base = pixel(drawn), change = warped - base;
    const float4 squares = change * change;
    const float share = weight / (1.0f + doubt * (squares[0] + squares[1] + squares[2]));
    float4 value = base + change * share + 0.5f;
    value = __builtin_elementwise_min(__builtin_elementwise_max(value, (float4){0}), (float4){255, 255, 255, 255});
    const int4 whole = __builtin_convertvector(value, int4);
    const uint32_t packed = (uint32_t)whole[0] | (uint32_t)whole[1] << 8 | (uint32_t)whole[2] << 16;
    memcpy(out, &packed, sizeof packed);
}

INLINED void blend_row(
    pixels_picture drawn, pixels_picture history, pixels_picture out, int y, int width, int height, row_field field,
    const float *kernel, float doubt) {
    const uint8_t *drawn_row = drawn.rgb + (size_t)y * drawn.stride;
    uint8_t *out_row = out.rgb + (size_t)y * out.stride;
    for (int x = 0; x < width; x++) {
        const float weight = field.weight[x];
        const uint8_t *here = drawn_row + (size_t)x * 3;
        uint8_t *target = out_row + (size_t)x * 3;
        if (weight < 1.0f / 512) {
            memcpy(target, here, 3);
            continue;
        }
        const int ix = field.x[x] >> 6, iy = field.y[x] >> 6, phase_x = field.x[x] & 63, phase_y = field.y[x] & 63;
        const float *across = kernel + phase_x * 16, *down = kernel + phases * 16 + phase_y * 4;
        if (ix >= 1 && iy >= 1 && ix < width - 2 && iy < height - 2) {
            const uint8_t *row = history.rgb + (size_t)(iy - 1) * history.stride;
            const uint8_t *const rows[4] = {
                row, row + history.stride, row + 2 * history.stride, row + 3 * history.stride};
            const size_t column = (size_t)(ix - 1) * 3;
            if ((phase_x | phase_y) == 0) {
                store_blended(here, pixel(rows[1] + column + 3), weight, doubt, target);
            } else {
                store_blended(here, sampled(rows, column, across, down), weight, doubt, target);
            }
        } else {
            store_blended(here, sampled_at_border(history, width, height, ix, iy, across, down), weight, doubt, target);
        }
    }
}

/// One row between the rows of the reduced field: dx, dy and weight apart, edges repeated by one number on each side.
INLINED void field_row(
    pixels_motion motion, int y, float *restrict dx, float *restrict dy, float *restrict weight, int reduced) {
    const float position = ((float)y + 0.5f) / (float)motion.factor - 0.5f;
    int top = position < 0 ? 0 : (int)position;
    top = top >= motion.height - 1 ? motion.height - 1 : top;
    const int bottom = top + 1 < motion.height ? top + 1 : top;
    const float t = position < 0 ? 0 : position - (float)top;
    const float *restrict flow_a = motion.flow + (size_t)top * (size_t)motion.width * 2;
    const float *restrict flow_b = motion.flow + (size_t)bottom * (size_t)motion.width * 2;
    const float *restrict weight_a = motion.weight + (size_t)top * (size_t)motion.width;
    const float *restrict weight_b = motion.weight + (size_t)bottom * (size_t)motion.width;
    for (int x = 0; x < reduced; x++) {
        dx[x + 1] = flow_a[x * 2] + (flow_b[x * 2] - flow_a[x * 2]) * t;
        dy[x + 1] = flow_a[x * 2 + 1] + (flow_b[x * 2 + 1] - flow_a[x * 2 + 1]) * t;
        weight[x + 1] = weight_a[x] + (weight_b[x] - weight_a[x]) * t;
    }
    dx[0] = dx[1], dy[0] = dy[1], weight[0] = weight[1];
    dx[reduced + 1] = dx[reduced], dy[reduced + 1] = dy[reduced], weight[reduced + 1] = weight[reduced];
}

CLONES void pixels_blend_warped(
    pixels_picture drawn, pixels_picture history, pixels_picture out, int width, int height, pixels_motion motion,
    float strength, float still, float doubt, const float *kernel, float *scratch) {
    const int factor = motion.factor, reduced = (width + factor - 1) / factor;
    const size_t side = (size_t)reduced + 2, full = (size_t)reduced * (size_t)factor;
    float *dx = scratch, *dy = dx + side, *weight = dy + side;
    row_field field = {(int32_t *)(weight + side), (int32_t *)(weight + side) + full, weight + side + 2 * full};
    for (int y = 0; y < height; y++) {
        field_row(motion, y, dx, dy, weight, reduced);
        if (factor == 2) {
            enlarge(dx, dy, weight, field, y, width, height, reduced, 2, strength, still);
        } else if (factor == 4) {
            enlarge(dx, dy, weight, field, y, width, height, reduced, 4, strength, still);
        } else {
            enlarge(dx, dy, weight, field, y, width, height, reduced, factor, strength, still);
        }
        blend_row(drawn, history, out, y, width, height, field, kernel, doubt * (1.0f / (255.0f * 255.0f)));
    }
}
