#include "CPixels.h"

#include <string.h>

void pixels_pad_edges(uint8_t *rgb, int width, int height, int padded_width, int padded_height, size_t stride) {
    if (padded_width > width) {
        for (int y = 0; y < height; y++) {
            uint8_t *row = rgb + (size_t)y * stride;
            const uint8_t *last = row + (size_t)(width - 1) * 3;
            for (int x = width; x < padded_width; x++) memcpy(row + (size_t)x * 3, last, 3);
        }
    }
    const uint8_t *last_row = rgb + (size_t)(height - 1) * stride;
    for (int y = height; y < padded_height; y++) memcpy(rgb + (size_t)y * stride, last_row, (size_t)padded_width * 3);
}
