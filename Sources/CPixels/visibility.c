#include "CPixels.h"
#include "clones.h"

#include <string.h>

typedef float float4 __attribute__((vector_size(16)));
typedef float float8 __attribute__((vector_size(32)));
typedef uint8_t byte8 __attribute__((vector_size(8)));

INLINED float clamped(float value, float low, float high) { return value < low ? low : value > high ? high : value; }

/// Adds two neighbouring RGBX pixels, weighted.
INLINED void add_pixel_pair(float8 *sum, const uint8_t *at, float weight) {
    byte8 bytes;
    memcpy(&bytes, at, sizeof bytes);
    *sum += __builtin_convertvector(bytes, float8) * weight;
}

/// Two neighbouring flow vectors.
INLINED float4 flow_pair(const float *at) {
    float4 pair;
    memcpy(&pair, at, sizeof pair);
    return pair;
}

/// exp(-x) for x ≥ 0 as (1 − x/256)^256, within 0.002: a few multiplications, so that the loop vectorizes.
INLINED float decay(float x) {
    float base = 1.0f - x * (1.0f / 256.0f);
    base = base < 0.0f ? 0.0f : base;
    for (int i = 0; i < 8; i++) base *= base;
    return base;
}

/// ‖I_t − W(I_{t−1})‖² on 0…1 for one pixel, or a huge number where the forward–backward check or the border fails.
INLINED float mismatch(
    const float *backward, const float *forward, const uint8_t *rgbx, const uint8_t *previous_rgbx, int x, int y,
    int width, int height, float tolerance) {
    const float failed = 4;  // more than any difference; exp(-alpha·4) is 0
    const size_t at = (size_t)y * (size_t)width + (size_t)x;
    const float dx = backward[at * 2], dy = backward[at * 2 + 1];
    const float sx = (float)x + dx, sy = (float)y + dy;
    // Half a pixel beyond the outermost centres is still inside the picture. Not a number fails too.
    if (!(sx >= -0.5f && sy >= -0.5f && sx <= (float)width - 0.5f && sy <= (float)height - 0.5f)) return failed;
    const float cx = clamped(sx, 0, (float)(width - 1)), cy = clamped(sy, 0, (float)(height - 1));
    int ix = (int)cx, iy = (int)cy;
    ix = ix > width - 2 ? width - 2 : ix;
    iy = iy > height - 2 ? height - 2 : iy;
    const float fx = cx - (float)ix, fy = cy - (float)iy;
    const size_t source = (size_t)iy * (size_t)width + (size_t)ix, below = source + (size_t)width;

    const float4 rows = flow_pair(forward + source * 2) * (1 - fy) + flow_pair(forward + below * 2) * fy;
    const float back_x = rows[0] + (rows[2] - rows[0]) * fx, back_y = rows[1] + (rows[3] - rows[1]) * fx;
    const float miss = (dx + back_x) * (dx + back_x) + (dy + back_y) * (dy + back_y);
    const float length = dx * dx + dy * dy + back_x * back_x + back_y * back_y;
    if (miss > 0.01f * length + tolerance) return failed;

    float8 pair = {0};
    add_pixel_pair(&pair, previous_rgbx + source * 4, 1 - fy);
    add_pixel_pair(&pair, previous_rgbx + below * 4, fy);
    const uint8_t *here = rgbx + at * 4;
    float sum = 0;
    for (int c = 0; c < 3; c++) {
        const float difference = pair[c] + (pair[c + 4] - pair[c]) * fx - (float)here[c];
        sum += difference * difference;
    }
    return sum * (1.0f / (255.0f * 255.0f));
}

/// ‖I_t − I_{t−1}‖² on 0…1 at the same place.
INLINED void stillness_row(
    const uint8_t *restrict now, const uint8_t *restrict before, int count, float *restrict out) {
    for (int x = 0; x < count; x++) {
        int sum = 0;
        for (int c = 0; c < 3; c++) {
            const int difference = now[x * 4 + c] - before[x * 4 + c];
            sum += difference * difference;
        }
        out[x] = (float)sum * (1.0f / (255.0f * 255.0f));
    }
}

/// Adds up three rows, then three neighbours in each: `out[x]` for 1 ≤ x < count − 1, the ends repeat their neighbours.
INLINED void box_row(
    const float *restrict above, const float *restrict row, const float *restrict below, int count,
    float *restrict column, float *restrict out) {
    for (int x = 0; x < count; x++) column[x] = above[x] + row[x] + below[x];
    for (int x = 1; x < count - 1; x++) out[x] = column[x - 1] + column[x] + column[x + 1];
    out[0] = out[1];
    out[count - 1] = out[count - 2];
}

enum { reach = 2 };
/// Smallest of the numbers within `reach` around each number of a row.
INLINED void smallest_in_row(const float *restrict row, int count, float *restrict out) {
    for (int x = 0; x < count; x++) out[x] = row[x];
    for (int step = 1; step <= reach; step++) {
        for (int x = step; x < count; x++) out[x] = row[x - step] < out[x] ? row[x - step] : out[x];
        for (int x = 0; x < count - step; x++) out[x] = row[x + step] < out[x] ? row[x + step] : out[x];
    }
}

/// A weight is lowered where the lowest 3×3 mean within `reach` pixels times this is below 1.
static const float certainty = 1.2f;

/// Lowers the weights around places without a visible past: what stands beside something that moves is drawn under its
/// influence (halos, shading), and would keep that when the thing has moved on. `smallest` holds a number a pixel,
/// `row` and `sums` a row.
INLINED void spread_doubt(float *weight, int width, int height, float *smallest, float *row, float *sums) {
    for (int y = 0; y < height; y++) {
        const float *here = weight + (size_t)y * (size_t)width;
        box_row(y > 0 ? here - width : here, here, y + 1 < height ? here + width : here, width, row, sums);
        smallest_in_row(sums, width, smallest + (size_t)y * (size_t)width);
    }
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) row[x] = 1;
        const int first = y - reach < 0 ? 0 : y - reach, last = y + reach >= height ? height - 1 : y + reach;
        for (int near = first; near <= last; near++) {
            const float *restrict other = smallest + (size_t)near * (size_t)width;
            for (int x = 0; x < width; x++) {
                const float mean = other[x] * (certainty / 9);
                row[x] = mean < row[x] ? mean : row[x];
            }
        }
        float *restrict out = weight + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++) out[x] *= row[x];
    }
}

size_t pixels_visibility_scratch_count(int width, int height) {
    return 2 * (size_t)width * (size_t)height + 3 * (size_t)width;
}

/// Standing still must fit this much better than the flow: a picture that drifts slowly fits both nearly as well.
static const float clearly_better = 0.5f;

CLONES double pixels_visibility(
    float *backward, const float *forward, const uint8_t *rgbx, const uint8_t *previous_rgbx, int width, int height,
    int visible_width, int visible_height, float alpha, float tolerance, float *weight, float *scratch) {
    const size_t columns = (size_t)width;
    float *moved = scratch, *still = moved + columns * (size_t)height;
    float *column = still + columns * (size_t)height, *moved_box = column + columns, *still_box = moved_box + columns;
    for (int y = 0; y < height; y++) {
        float *restrict row = moved + (size_t)y * columns;
        for (int x = 0; x < width; x++)
            row[x] = mismatch(backward, forward, rgbx, previous_rgbx, x, y, width, height, tolerance);
        const size_t at = (size_t)y * columns * 4;
        stillness_row(rgbx + at, previous_rgbx + at, width, still + (size_t)y * columns);
    }
    for (int y = 0; y < height; y++) {
        const size_t at = (size_t)y * columns;
        const size_t above = y > 0 ? at - columns : at, below = y + 1 < height ? at + columns : at;
        box_row(moved + above, moved + at, moved + below, width, column, moved_box);
        box_row(still + above, still + at, still + below, width, column, still_box);
        float *restrict out = weight + at, *restrict flow = backward + at * 2;
        for (int x = 0; x < width; x++) {
            const int stands = still_box[x] <= moved_box[x] * clearly_better;
            flow[x * 2] = stands ? 0 : flow[x * 2];
            flow[x * 2 + 1] = stands ? 0 : flow[x * 2 + 1];
            out[x] = decay(alpha * (stands ? still[at + (size_t)x] : moved[at + (size_t)x]));
        }
    }
    spread_doubt(weight, width, height, moved, column, moved_box);
    double total = 0;
    for (int y = 0; y < visible_height; y++) {
        const float *restrict out = weight + (size_t)y * columns;
        float sum = 0;
        for (int x = 0; x < visible_width; x++) sum += out[x];
        total += (double)sum;
    }
    return total / ((double)visible_width * (double)visible_height);
}
