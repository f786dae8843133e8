#include "CPixels.h"
#include "clones.h"

#include <string.h>

// BT.709 luma weights 0.2126, 0.7152, 0.0722 in 1/256.
enum { red_weight = 54, green_weight = 183, blue_weight = 19 };

INLINED void add_row(const uint8_t *restrict row, uint16_t *restrict sums, int count, int first) {
    if (first) {
        for (int i = 0; i < count; i++) sums[i] = row[i];
    } else {
        for (int i = 0; i < count; i++) sums[i] = (uint16_t)(sums[i] + row[i]);
    }
}

INLINED void average_blocks(
    const uint16_t *restrict sums, uint8_t *restrict rgbx, uint8_t *restrict luma, int count, int factor) {
    const unsigned area = (unsigned)(factor * factor), half = area / 2;
    for (int x = 0; x < count; x++) {
        unsigned red = half, green = half, blue = half;
        const uint16_t *block = sums + (size_t)x * (size_t)factor * 3;
        for (int i = 0; i < factor; i++) {
            red += block[i * 3];
            green += block[i * 3 + 1];
            blue += block[i * 3 + 2];
        }
        red /= area;
        green /= area;
        blue /= area;
        rgbx[x * 4] = (uint8_t)red;
        rgbx[x * 4 + 1] = (uint8_t)green;
        rgbx[x * 4 + 2] = (uint8_t)blue;
        rgbx[x * 4 + 3] = 0;
        luma[x] = (uint8_t)((red_weight * red + green_weight * green + blue_weight * blue + 128) >> 8);
    }
}

CLONES void pixels_reduce(
    const uint8_t *rgb, int width, int height, size_t stride, int factor, uint8_t *rgbx, uint8_t *luma,
    int reduced_width, int reduced_height, uint16_t *sums) {
    for (int y = 0; y < reduced_height; y++) {
        for (int i = 0; i < factor; i++) {
            int source = y * factor + i;
            if (source >= height) source = height - 1;
            add_row(rgb + (size_t)source * stride, sums, width * 3, i == 0);
        }
        for (int x = width; x < reduced_width * factor; x++)
            memcpy(sums + (size_t)x * 3, sums + (size_t)(width - 1) * 3, 3 * sizeof *sums);
        const size_t at = (size_t)y * (size_t)reduced_width;
        switch (factor) {
        case 2: average_blocks(sums, rgbx + at * 4, luma + at, reduced_width, 2); break;
        case 4: average_blocks(sums, rgbx + at * 4, luma + at, reduced_width, 4); break;
        default: average_blocks(sums, rgbx + at * 4, luma + at, reduced_width, factor);
        }
    }
}

CLONES uint64_t pixels_absolute_difference(const uint8_t *a, const uint8_t *b, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count;) {
        const size_t end = count - i > 65536 ? i + 65536 : count;
        uint32_t part = 0;
        for (; i < end; i++) part += (uint32_t)(a[i] > b[i] ? a[i] - b[i] : b[i] - a[i]);
        sum += part;
    }
    return sum;
}

CLONES void pixels_luma(pixels_picture picture, int width, int height, uint8_t *luma) {
    for (int y = 0; y < height; y++) {
        const uint8_t *restrict row = picture.rgb + (size_t)y * picture.stride;
        uint8_t *restrict out = luma + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++)
            out[x] = (uint8_t)((red_weight * row[x * 3] + green_weight * row[x * 3 + 1] + blue_weight * row[x * 3 + 2] +
                                128) >> 8);
    }
}
