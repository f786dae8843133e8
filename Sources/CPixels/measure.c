#include "CPixels.h"
#include "clones.h"

#include <math.h>

INLINED float mixed(float a, float b, float t) { return a + (b - a) * t; }

/// Where a warped pixel comes from: the upper left of four neighbours and the fractions towards the others.
typedef struct origin {
    int x, y;
    float fx, fy;
} origin;

INLINED origin origin_at(float x, float y, int width, int height) {
    origin from = {(int)x, (int)y, 0, 0};
    if (from.x > width - 2) from.x = width > 1 ? width - 2 : 0;
    if (from.y > height - 2) from.y = height > 1 ? height - 2 : 0;
    from.fx = x - (float)from.x;
    from.fy = y - (float)from.y;
    return from;
}

INLINED float flow_at(const float *flow, int width, int height, origin from, int component) {
    const float *at = flow + ((size_t)from.y * (size_t)width + (size_t)from.x) * 2 + component;
    const size_t right = width > 1 ? 2 : 0, down = height > 1 ? (size_t)width * 2 : 0;
    return mixed(mixed(at[0], at[right], from.fx), mixed(at[down], at[down + right], from.fx), from.fy);
}

INLINED float channel_at(pixels_picture picture, int width, int height, origin from, int channel) {
    const uint8_t *at = picture.rgb + (size_t)from.y * picture.stride + (size_t)from.x * 3 + channel;
    const size_t right = width > 1 ? 3 : 0, down = height > 1 ? picture.stride : 0;
    return mixed(mixed(at[0], at[right], from.fx), mixed(at[down], at[down + right], from.fx), from.fy);
}

CLONES void pixels_warping_error(
    pixels_picture stylized, pixels_picture previous_stylized, pixels_picture input, pixels_picture previous_input,
    int width, int height, const float *backward, const float *forward, float calm, pixels_error_sums *sums) {
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const float *flow = backward + ((size_t)y * (size_t)width + (size_t)x) * 2;
            const float sx = (float)x + flow[0], sy = (float)y + flow[1];
            if (!(sx >= 0 && sy >= 0 && sx <= (float)(width - 1) && sy <= (float)(height - 1))) continue;
            const origin from = origin_at(sx, sy, width, height);
            const float back_x = flow_at(forward, width, height, from, 0);
            const float back_y = flow_at(forward, width, height, from, 1);
            const float miss = (flow[0] + back_x) * (flow[0] + back_x) + (flow[1] + back_y) * (flow[1] + back_y);
            const float length = flow[0] * flow[0] + flow[1] * flow[1] + back_x * back_x + back_y * back_y;
            if (miss > 0.01f * length + 0.5f) continue;
            const uint8_t *here = stylized.rgb + (size_t)y * stylized.stride + (size_t)x * 3;
            const uint8_t *now = input.rgb + (size_t)y * input.stride + (size_t)x * 3;
            const uint8_t *before = previous_input.rgb + (size_t)y * previous_input.stride + (size_t)x * 3;
            const uint8_t *past = previous_stylized.rgb + (size_t)y * previous_stylized.stride + (size_t)x * 3;
            float error = 0, error_in_place = 0, change = 0, warped_change = 0;
            for (int c = 0; c < 3; c++) {
                const float d = channel_at(previous_stylized, width, height, from, c) - (float)here[c];
                const float e = (float)now[c] - (float)before[c];
                const float f = (float)now[c] - channel_at(previous_input, width, height, from, c);
                const float p = (float)past[c] - (float)here[c];
                error += d * d;
                error_in_place += p * p;
                change += e * e;
                warped_change += f * f;
            }
            error *= 1.0f / (255.0f * 255.0f);
            if (change * (1.0f / (255.0f * 255.0f)) < calm) {
                sums->unmoved_error += (double)error;
                sums->unmoved_change += (double)(error_in_place * (1.0f / (255.0f * 255.0f)));
                sums->unmoved_count += 3;
            }
            sums->error += (double)error;
            sums->count += 3;
            if (warped_change * (1.0f / (255.0f * 255.0f)) < calm) {
                sums->calm_error += (double)error;
                sums->calm_count += 3;
            }
        }
    }
}

CLONES double pixels_gradient(const uint8_t *luma, int width, int height) {
    if (width < 2 || height < 2) return 0;
    double total = 0;
    for (int y = 0; y + 1 < height; y++) {
        const uint8_t *restrict row = luma + (size_t)y * (size_t)width, *restrict below = row + width;
        float sum = 0;
        for (int x = 0; x + 1 < width; x++) {
            const float dx = (float)(row[x + 1] - row[x]), dy = (float)(below[x] - row[x]);
            sum += sqrtf(dx * dx + dy * dy);
        }
        total += (double)sum;
    }
    return total / ((double)(width - 1) * (double)(height - 1));
}

CLONES double pixels_squared_difference(pixels_picture a, pixels_picture b, int width, int height) {
    double total = 0;
    for (int y = 0; y < height; y++) {
        const uint8_t *restrict row_a = a.rgb + (size_t)y * a.stride, *restrict row_b = b.rgb + (size_t)y * b.stride;
        uint64_t sum = 0;
        for (int i = 0; i < width * 3; i++) {
            const int difference = row_a[i] - row_b[i];
            sum += (uint32_t)(difference * difference);
        }
        total += (double)sum;
    }
    return total;
}
